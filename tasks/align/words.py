"""Times the words of one take: by our own networks, else in proportion to their letters. Must not know books or tables.

What nobody could hear is marked as estimated, so that a file for readers can leave it out; the take's own start and end
are exact all the same.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from storage.records import WordTime
from tasks.align.refine import Heard, refine
from tortoise_core.description import read_description

if TYPE_CHECKING:
    from tortoise_core.inference.alignment import HeardWord, WordAligner

WORDS_VERSION = 1  # raise it when the same take and networks would give other times

# Mean over an utterance's phones, for its words' times to be believed. Of 105 takes of the shipped voices none has
# less; of 206 that were given another text, 95 % have less than 0.28.
_LEAST_PROBABILITY = 0.3
_WORD = re.compile(r"\{[^{}]*\}|\S+")


class WordTimer(Protocol):
    """Hears words in audio. Its times are kept under its digest."""

    @property
    def digest(self) -> str:
        """Names what the times depend on besides the take."""

    def times(self, audio: np.ndarray, sample_rate: int, spoken: str) -> tuple[WordTime, ...]:
        """Times the words of a spoken text; see `SpellerTimer.times`."""


class SpellerTimer:
    """Implements `WordTimer` with the dVAE and the CTC scorer of a model folder, loaded when first needed."""

    def __init__(self, model: Path) -> None:
        """Raises `CheckpointError` for a folder that is no model."""
        self._model = model
        self._digest = f"speller {WORDS_VERSION} {read_description(model).digest()}"

    @property
    def digest(self) -> str:
        """See `WordTimer`."""
        return self._digest

    @cached_property
    def _aligner(self) -> WordAligner:
        from tortoise_core.inference.alignment import load_word_aligner

        return load_word_aligner(self._model)

    def times(self, audio: np.ndarray, sample_rate: int, spoken: str) -> tuple[WordTime, ...]:
        """Times the words of a spoken text, in order: samples of the audio, characters of the text.

        Args:
            audio: the take, mono (samples,).
            sample_rate: of the take; another than the networks' is resampled for them.
            spoken: what the take says.
        """
        heard = self._aligner.align(at_rate(audio, sample_rate, self._aligner.sample_rate), spoken)
        if heard is None or not _is_heard(heard):
            return estimated(spoken, len(audio))
        places = refine(audio, sample_rate, [Heard(word.first_s, word.last_s) for word in heard])
        return tuple(
            WordTime(word.start, word.end, start, end) for word, (start, end) in zip(heard, places, strict=True)
        )


def estimated(spoken: str, samples: int) -> tuple[WordTime, ...]:
    """Spreads the words of a text over so many samples, each in proportion to its characters."""
    spans = [match.span() for match in _WORD.finditer(spoken) if any(c.isalnum() for c in match[0])]
    total = sum(end - start for start, end in spans)
    times: list[WordTime] = []
    passed = 0
    for start, end in spans:
        first = samples * passed // total
        passed += end - start
        times.append(WordTime(start, end, first, samples * passed // total, is_estimated=True))
    return tuple(times)


def _is_heard(words: Sequence[HeardWord]) -> bool:
    """Tells whether an utterance was heard so well that its words' times can be believed."""
    phones = sum(word.phones for word in words)
    return sum(word.phones * word.probability for word in words) >= _LEAST_PROBABILITY * phones


def at_rate(audio: np.ndarray, sample_rate: int, wanted: int) -> np.ndarray:
    """Resamples audio to another rate. Shape: (samples,) to about (samples * wanted / sample_rate,), float32."""
    if sample_rate == wanted:
        return audio.astype(np.float32, copy=False)
    from scipy.signal import resample_poly

    return np.asarray(resample_poly(audio, wanted, sample_rate), np.float32)
