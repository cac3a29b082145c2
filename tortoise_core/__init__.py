"""TorToise as a library: text and a voice in, speech out. Knows nothing of books, Prefect or SQL."""
