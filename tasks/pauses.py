"""Decides the silence after an utterance: what the text asks for, else the setting for its kind. Knows no audio."""

from __future__ import annotations

from configs.settings import PauseSettings
from storage.records import Utterance


def pause_seconds(utterance: Utterance, settings: PauseSettings) -> float:
    """Returns the seconds of silence after an utterance."""
    if utterance.pause_s is not None:
        return utterance.pause_s
    seconds: float = getattr(settings, utterance.pause.value)
    return seconds
