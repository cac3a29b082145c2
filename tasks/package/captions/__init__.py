"""Captions: what is spoken, as text with times. Must not know takes, masters or where the audio lies."""
