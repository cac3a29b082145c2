"""The synthesize stage: speaks utterances in batches, takes doubtful ones again."""
