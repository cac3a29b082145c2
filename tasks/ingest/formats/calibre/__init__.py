"""Formats that calibre converts to EPUB. Knows nothing of how blocks become speech."""
