"""The outputs: each a kind of file that an edition may have."""
