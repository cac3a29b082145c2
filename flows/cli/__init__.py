"""The `talepress` command, one file per noun. Knows nothing of how the work is done."""
