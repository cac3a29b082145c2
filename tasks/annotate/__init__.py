"""Stage 2: what people and rules say about how a book is read, put into its markup. Knows nothing of utterances."""
