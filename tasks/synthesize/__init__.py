"""The synthesize stage: speaks utterances in batches, takes doubtful ones again.

Must not know which book an utterance is from.
"""
