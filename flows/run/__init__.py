"""Carries out an order under Prefect, from its first row to its edition. Knows nothing of how a stage works."""
