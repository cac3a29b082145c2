"""The stitch stage: lays takes and pauses on a chapter's timeline. Must not know how takes are chosen."""
