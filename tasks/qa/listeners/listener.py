"""What every listener does: audio and text in, what was heard of each word out. Must not know any of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from storage.hearing import HeardWord, Hearing, HowHeard

MISHEARD = (HowHeard.MISSING, HowHeard.ADDED, HowHeard.DOUBTFUL)


@dataclass(frozen=True, eq=False)
class Sound:
    """A recording and what it should say. Shape: `audio` (samples,), mono, float32 in [-1, 1]."""

    audio: np.ndarray
    sample_rate: int
    spoken: str  # as the engine got it: normalised, phonemes inside

    @property
    def seconds(self) -> float:
        """Its length in seconds."""
        return len(self.audio) / self.sample_rate


class Listener(Protocol):
    """Listens to recordings, in any process; its networks are loaded when it first listens."""

    @property
    def digest(self) -> str:
        """Names what its hearings depend on besides the recording."""

    def listen(self, sounds: Sequence[Sound]) -> list[Hearing]:
        """Says of each recording what it heard. Raises `BadInputError` for a model that is not there."""


def hearing(listener: str, words: Sequence[HeardWord], expected: int) -> Hearing:
    """Sums words up: the score falls by one word's share for each that is certainly wrong.

    Args:
        listener: its digest.
        words: all that was heard, in order.
        expected: how many words the text has.
    """
    score = 1 - sum(word.doubt for word in words) / max(1, expected)
    return Hearing(listener, tuple(words), round(max(0.0, score), 6))
