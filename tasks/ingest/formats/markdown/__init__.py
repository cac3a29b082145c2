"""Markdown. Knows nothing of how blocks become speech."""
