"""Owns the blocks that several networks share. Must not know any network."""
