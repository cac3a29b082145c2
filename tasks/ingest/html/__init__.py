"""The walk over (X)HTML that five formats share. Knows nothing of the files that documents come from."""
