"""The master stage: brings chapters to one loudness. Must not know how a chapter was stitched."""
