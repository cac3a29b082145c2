"""The synthesize stage: speaks utterances in batches and stores a take of each.

The flow decides which are spoken again (`flows/run/synthesis.py`). Must not know which book an utterance is from.
"""
