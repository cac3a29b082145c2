"""Groups what is still to be spoken into batches of like lengths.

It must not know how a batch is rendered or how fast; the forecast of audio is made from characters alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tortoise_core.inference.interface import SamplingSettings, VoiceLatents
from tortoise_core.text.notation import respelled

CHARS_PER_SECOND = 14.0  # of narration, for forecasts


@dataclass(frozen=True)
class RenderItem:
    """One text to speak. Texts that occur twice share a key and are spoken once."""

    utterance_key: str
    spoken: str
    first_attempt: int = 0  # number of takes that exist already


@dataclass(frozen=True, eq=False)
class RenderVoice:
    """The voice and the sampling settings that all items of a batch share: what their keys were made of."""

    latents: VoiceLatents
    sampling: SamplingSettings


def speech_seconds(spoken: str) -> float:
    """Forecast of the audio that `spoken` becomes, in seconds."""
    return len(respelled(spoken)) / CHARS_PER_SECOND


def plan_batches(items: Iterable[RenderItem], *, batch_seconds: float, max_items: int) -> list[tuple[RenderItem, ...]]:
    """Cuts items into batches of at most `batch_seconds` of forecast audio and at most `max_items` items.

    Items of like length go together, longest first: padding costs least, and too little memory shows at once.

    Args:
        items: what is to be spoken; repeated keys are dropped.
        batch_seconds: forecast audio of one batch, in seconds; a single longer item makes a batch of its own.
        max_items: most items of a batch (`synthesize.batch_size`).

    Returns:
        The batches. Every key is in exactly one.
    """
    unique = {item.utterance_key: item for item in items}
    ordered = sorted(unique.values(), key=lambda item: (-len(item.spoken), item.utterance_key))
    batches: list[tuple[RenderItem, ...]] = []
    current: list[RenderItem] = []
    seconds = 0.0
    for item in ordered:
        forecast = speech_seconds(item.spoken)
        if current and (len(current) >= max_items or seconds + forecast > batch_seconds):
            batches.append(tuple(current))
            current, seconds = [], 0.0
        current.append(item)
        seconds += forecast
    return [*batches, tuple(current)] if current else batches
