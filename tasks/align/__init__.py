"""The align stage: when each word of a take is spoken. Must not know which files will want the times."""
