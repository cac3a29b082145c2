"""From text to the ids that the networks read: cleaning, tokens, splitting, redaction."""
