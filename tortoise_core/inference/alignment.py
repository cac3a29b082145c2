"""Finds when each word of a text is spoken in a recording, by the dVAE and the CTC scorer ("speller") of one model.

Any recording will do: its speech codes are made anew. The times are where the scorer first hears a word, which is
within a few hundredths of a second; what the loudness says besides is for others to add. Knows nothing of books.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import groupby, pairwise
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torchaudio.functional import forced_align

from tortoise_core.checkpoints.manifest import read_manifest
from tortoise_core.inference.phone_hearer import PhoneHearer
from tortoise_core.text.phonemes import VOCABULARY, PhonemeTokenizer, SpokenItem


@dataclass(frozen=True)
class HeardWord:
    """A word of a text and when it is heard. Times are in seconds from the recording's start.

    `first_s` and `last_s` are where its first and its last phone are heard, `probability` is the mean of its phones'.
    """

    start: int  # characters of the text
    end: int
    first_s: float
    last_s: float
    phones: int
    probability: float


class WordAligner:
    """Finds words by what a `PhoneHearer` hears."""

    def __init__(self, hearer: PhoneHearer) -> None:
        self.hearer = hearer
        self.sample_rate = hearer.sample_rate
        self._tokenizer = PhonemeTokenizer()

    @torch.inference_mode()
    def align(self, audio: np.ndarray, text: str) -> list[HeardWord] | None:
        """Finds the words of a text in a recording, in order; None where the recording is too short for the text.

        Args:
            audio: mono at `sample_rate`, float32 (samples,).
            text: as it is spoken; phonemes inside of it (`notation.py`) are words too.

        Raises `AudioError` for a recording that is empty or not finite.
        """
        items = [item for item in self._tokenizer.items(text) if item.is_word]
        heard = [[VOCABULARY.index(symbol) for symbol in item.symbols] for item in items]
        ids = [index for word in heard for index in word if index not in self.hearer.silent]
        if not ids:
            return []
        predicted = self.hearer.log_probabilities(audio)
        repeated = sum(first == second for first, second in pairwise(ids))
        if predicted.shape[1] < len(ids) + repeated:  # CTC parts equal neighbours by a blank
            return None
        targets = torch.tensor([ids], dtype=torch.int32, device=self.hearer.device)
        path, scores = forced_align(predicted, targets, blank=self.hearer.blank)
        return _words(items, heard, _spikes(path[0], scores[0], self.hearer.blank), self.hearer)


@dataclass(frozen=True)
class _Spike:
    """Steps in which one phone is heard: the first, the last, and the mean log-probability."""

    first: int
    last: int
    score: float


def _spikes(path: Tensor, scores: Tensor, blank: int) -> list[_Spike]:
    """Collects the phones of an alignment. Shape: path and scores (steps,)."""
    spikes: list[_Spike] = []
    steps = zip(path.tolist(), scores.tolist(), strict=True)
    for token, group in groupby(enumerate(steps), key=lambda step: step[1][0]):
        if token != blank:
            own = list(group)
            mean = sum(score for _, (_, score) in own) / len(own)
            spikes.append(_Spike(own[0][0], own[-1][0], mean))
    return spikes


def _words(
    items: list[SpokenItem], heard: list[list[int]], spikes: list[_Spike], hearer: PhoneHearer
) -> list[HeardWord]:
    """Gives each word its phones' times. Words that share their characters ("45") become one."""
    words: list[HeardWord] = []
    at = 0
    for span, group in groupby(zip(items, heard, strict=True), key=lambda pair: (pair[0].start, pair[0].end)):
        count = sum(index not in hearer.silent for _, word in group for index in word)
        own = spikes[at : at + count]
        at += count
        if own:
            probability = sum(math.exp(spike.score) for spike in own) / len(own)
            first_s = own[0].first * hearer.step_s
            words.append(HeardWord(*span, first_s, (own[-1].last + 1) * hearer.step_s, count, probability))
    return words


def load_word_aligner(model: str | Path, device: str = "cpu") -> WordAligner:
    """Loads what hears words of a model folder. Raises as `PhoneHearer`."""
    return WordAligner(PhoneHearer(read_manifest(Path(model)), device))
