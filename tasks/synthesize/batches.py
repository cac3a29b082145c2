"""The texts that are still to be spoken, in batches of like lengths; doubtful ones come back for another attempt.

It must not know how a batch is rendered or how fast; the forecast of audio is made from characters alone.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from tortoise_core.inference.interface import Sampling, VoiceLatents
from tortoise_core.text.notation import respelled

CHARS_PER_SECOND = 14.0  # of narration, for forecasts
# How far ahead like lengths are looked for: far enough for full batches, near enough to finish chapters early.
WINDOW_BATCHES = 8


@dataclass(frozen=True)
class RenderItem:
    """One text to speak. Texts that occur twice share a key and are spoken once."""

    utterance_key: str
    spoken: str
    attempt: int = 0  # number of takes that exist already
    voice: str = ""  # a name in `RenderVoices.latents`; empty: the narrator


@dataclass(frozen=True, eq=False)
class RenderVoices:
    """The voices of a batch by their names, and the sampling settings: what the keys of its items were made of."""

    latents: Mapping[str, VoiceLatents]
    sampling: Sampling
    directions: Mapping[str, str] = field(default_factory=dict)  # of the voices that speak with one


class Backlog:
    """The texts to speak. A batch is the text that has waited longest and those near it of the most similar length.

    Near: among the next `WINDOW_BATCHES` batches' worth of reading order, so chapters are finished one after another.
    """

    def __init__(self, items: Iterable[RenderItem], *, batch_seconds: float, max_items: int) -> None:
        """Queues the items in reading order.

        Args:
            items: what is to be spoken, in reading order; repeated keys are dropped.
            batch_seconds: forecast audio of one batch, in seconds; a single longer item makes a batch of its own.
            max_items: most items of a batch.
        """
        self._batch_seconds = batch_seconds
        self._max_items = max_items
        self._waiting = deque({item.utterance_key: item for item in items}.values())
        self._near: list[RenderItem] = []  # those of the window, the one that has waited longest first
        self._handed_out: dict[str, RenderItem] = {}  # by utterance key, as last handed out

    def next_batch(self) -> tuple[RenderItem, ...] | None:
        """Takes the next batch off the queue, or returns None while nothing waits.

        The longest text comes first, so that a lack of memory shows at once.
        """
        # 1. Fill the window with what comes next in reading order.
        room = WINDOW_BATCHES * self._max_items - len(self._near)
        self._near += [self._waiting.popleft() for _ in range(min(room, len(self._waiting)))]
        if not self._near:
            return None
        # 2. Sort the window by likeness to the text that has waited longest.
        length = len(self._near[0].spoken)
        alike = sorted(self._near, key=lambda item: abs(len(item.spoken) - length))  # stable: the oldest is first
        # 3. Take as many as fit into the batch, at least one.
        seconds = list(itertools.accumulate(speech_seconds(item.spoken) for item in alike))
        size = sum(total <= self._batch_seconds for total in seconds[: self._max_items])
        batch = alike[: max(1, size)]
        batch_keys = {item.utterance_key for item in batch}
        self._near = [item for item in self._near if item.utterance_key not in batch_keys]
        self._handed_out |= {item.utterance_key: item for item in batch}
        return tuple(sorted(batch, key=lambda item: (-len(item.spoken), item.utterance_key)))

    def put_back(self, utterance_key: str) -> None:
        """Queues a text of an earlier batch again, as its next attempt; it joins one of the next batches."""
        item = self._handed_out[utterance_key]
        self._near.insert(0, replace(item, attempt=item.attempt + 1))

    def clear(self) -> None:
        """Empties the queue: no further batch follows."""
        self._waiting.clear()
        self._near.clear()


def is_last_attempt(attempt: int, retakes: int) -> bool:
    """Tells whether a doubtful take is not followed by another. Attempts go in rounds of one take and its `retakes`.

    The rule depends on numbers alone, so that a run that was killed and started again makes the same takes.
    """
    return (attempt + 1) % (1 + retakes) == 0


def speech_seconds(spoken: str) -> float:
    """Forecasts how long the audio of `spoken` will be, in seconds."""
    return len(respelled(spoken)) / CHARS_PER_SECOND
