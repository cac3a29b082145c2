"""Stage 2 of the text, after ingest: puts what people and rules say about how a book is read into its markup.

The text goes annotate -> normalise -> segment -> plan. `annotate.annotate` is the way in. Knows nothing of utterances.
"""
