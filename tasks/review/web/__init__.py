"""The page on which people hear a book and decide, served to browsers. Must not know how work is started."""
