"""The training corpus: who speaks, what was said when, and where it lies on disk."""
