"""Word documents. Knows nothing of how blocks become speech."""
