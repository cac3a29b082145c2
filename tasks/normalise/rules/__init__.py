"""Families of normalisation rules, one file each. A rule takes text and `Context` and returns the text to say.

Rules must not know books, nor which of them come before.
"""
