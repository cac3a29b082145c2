"""What networks are trained on: pieces and batches that are functions of the step, and inputs computed once.

Knows nothing of losses.
"""
