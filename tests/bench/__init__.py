"""Measurements: what docs/numbers.md says, and how it was found out. Nothing here is a test."""
