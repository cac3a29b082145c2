"""What happens, in which order. No parsing, no signal processing, no SQL."""
