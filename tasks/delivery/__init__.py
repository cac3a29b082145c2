"""The delivery check: measures finished files and holds them to shops' numbers. Must not know how files were made."""
