"""Stage 5 of the text, after segment: tells as plain data what will be spoken and what is skipped, and compares plans.

The file that people edit is `tasks/annotate/plan_file.py`. Knows nothing of rendering.
"""
