"""FictionBook 2. Knows nothing of how blocks become speech."""
