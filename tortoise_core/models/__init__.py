"""The networks of the stack, one file each, under their published parameter names.

Must not know how they are trained or sampled.
"""
