"""From text to the ids that the networks read: cleaning, tokens, splitting, redaction.

Knows nothing of networks or audio.
"""
