"""Written text to words to say, by an ordered list of small named rules. Knows nothing of books or utterances."""
