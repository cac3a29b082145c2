"""Schema history: one file per revision in `versions/`, run by `storage.database`. See docs/database.md.

Must not know today's schema: a revision has to mean the same for ever.
"""
