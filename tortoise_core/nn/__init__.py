"""Blocks that several networks share. They know nothing of those networks."""
