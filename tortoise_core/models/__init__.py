"""The networks of the stack, one file each, under their published parameter names."""
