"""Training of every network: one loop, a stage per file, a recipe, a workspace folder. See `run.py`.

Knows nothing of books, Prefect or databases.
"""
