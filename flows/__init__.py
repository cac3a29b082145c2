"""What happens, in which order. Must not parse books, compute audio or contain SQL."""
