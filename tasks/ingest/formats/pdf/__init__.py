"""PDF with a text layer. Knows nothing of how blocks become speech."""
