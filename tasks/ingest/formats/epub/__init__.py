"""EPUB 2 and 3. Knows nothing of how blocks become speech."""
