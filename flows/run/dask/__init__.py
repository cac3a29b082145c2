"""Runs the batches of a book on a Dask cluster. Knows nothing of what a batch is."""
