"""Groups what is still to be spoken into batches worth 10 to 60 seconds of compute.

It must not know how a batch is rendered; the forecast is made from characters alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tortoise_core.inference.interface import SamplingSettings, VoiceLatents

CHARS_PER_SECOND = 14.0  # of narration, for forecasts
BATCH_SECONDS = 40.0  # of compute: long enough to make Prefect's share small, short enough to lose to a kill


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
    return len(spoken) / CHARS_PER_SECOND


def plan_batches(items: Iterable[RenderItem], *, max_items: int, rtf: float = 1.0) -> list[tuple[RenderItem, ...]]:
    """Cuts items into batches of at most 40 s of forecast compute and at most `max_items` items.

    Items of like length go together, longest first: padding costs least, and too little memory shows at once.

    Args:
        items: what is to be spoken; repeated keys are dropped.
        max_items: most items of a batch (`synthesize.batch_size`).
        rtf: seconds of compute per second of audio. A single item that takes longer makes a batch of its own.

    Returns:
        The batches. Every key is in exactly one.
    """
    unique = {item.utterance_key: item for item in items}
    ordered = sorted(unique.values(), key=lambda item: (-len(item.spoken), item.utterance_key))
    batches: list[tuple[RenderItem, ...]] = []
    current: list[RenderItem] = []
    seconds = 0.0
    for item in ordered:
        compute = rtf * speech_seconds(item.spoken)
        if current and (len(current) >= max_items or seconds + compute > BATCH_SECONDS):
            batches.append(tuple(current))
            current, seconds = [], 0.0
        current.append(item)
        seconds += compute
    return [*batches, tuple(current)] if current else batches
