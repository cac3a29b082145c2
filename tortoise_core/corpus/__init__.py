"""The training corpus: who speaks which sentences, what sounds when, and where it lies on disk. Knows no network."""
