"""The stitch stage: lays takes and pauses on a chapter's timeline."""
