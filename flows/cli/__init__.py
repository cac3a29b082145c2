"""The `talepress` command, one file per noun: options, printing, exit codes. Knows nothing of how the work is done."""
