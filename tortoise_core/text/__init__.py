"""Owns the way from text to the ids that the networks read: cleaners, tokens, phones. Must not know books."""
