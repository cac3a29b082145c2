"""Families of normalisation rules, one file each. A rule takes text and `Context` and returns the text to say.

A rule must not know books, nor which rules come before it; `tasks/normalise/normalise.py` has the order.
"""
