"""Owns TorToise as a library: text and a voice in, speech out. Must not know books, Prefect or SQL."""
