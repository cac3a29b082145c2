"""Families of normalisation rules, one file each. A rule takes text and `Context` and returns the text to say."""
