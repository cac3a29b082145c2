"""The training stages: one file each, and the list of them in `registry.py`."""
