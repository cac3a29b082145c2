"""What happens, in which order. Knows nothing of parsing, of signal processing or of SQL."""
