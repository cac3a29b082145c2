"""What commands do that need no run: speak a text, show a plan, measure, check. Must not import Prefect.

A command that only looks something up, such as `talepress status`, has no module here: it is all in `flows/cli/`.
"""
