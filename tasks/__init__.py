"""How one step is done: a package per stage, plain functions beside a thin Prefect shell (`task.py`).

Must not know which step comes next.
"""
