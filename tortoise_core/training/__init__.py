"""Training of every network: one loop, a stage per network, a recipe file. See `workspace.py`."""
