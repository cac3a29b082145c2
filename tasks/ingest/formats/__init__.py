"""One folder per input format, each with its way from a file to a `Book`. Knows nothing of how blocks become speech."""
