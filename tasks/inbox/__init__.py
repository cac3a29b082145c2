"""Books that are dropped into a folder: what is ready, what is ordered, where files go. Knows nothing of runs."""
