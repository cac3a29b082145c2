"""Families of normalisation rules, one file each. A rule is a function of text and `Context` that returns the text to say."""
