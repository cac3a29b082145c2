"""Owns the networks, one file each, under their published parameter names. Must not know text, audio files or books."""
