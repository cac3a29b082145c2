"""What happens, in which order. Must not parse books, process signals or speak SQL."""
