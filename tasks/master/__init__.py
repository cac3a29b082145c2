"""The master stage: brings chapters to one loudness."""
