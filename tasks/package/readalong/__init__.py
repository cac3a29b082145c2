"""The read-along: the book's own EPUB, in which each sentence is highlighted while it is spoken.

Must not know takes, masters or SQL.
"""
