"""HTML files, folders and zips of them. Knows nothing of how blocks become speech."""
