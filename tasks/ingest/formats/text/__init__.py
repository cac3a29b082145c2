"""Plain text, Project Gutenberg's too. Knows nothing of how blocks become speech."""
