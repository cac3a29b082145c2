"""The training stages: one file each, and the list of them in `registry.py`.

Knows nothing of how training is looped, logged or resumed.
"""
