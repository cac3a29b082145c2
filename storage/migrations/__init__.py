"""Schema history: one file per revision in `versions/`, run by `storage.database`. See docs/database.md."""
