"""The `talepress` command, one file per noun."""
