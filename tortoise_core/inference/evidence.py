"""Gathers what speaks for and against a recording saying its text: word by word, and between the words.

All of it comes from one pass of a `PhoneHearer`: how much likelier the recording is without a word, or with the word
said twice; how far what is heard best is from what should be said. Must not know what
is done about it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from torchaudio.functional import forced_align

from tortoise_core.inference.phone_hearer import PhoneHearer
from tortoise_core.text.phonemes import VOCABULARY, PhonemeTokenizer

IMPOSSIBLE = -1e4  # nats; stands for minus infinity, of a text that the recording is too short for


@dataclass(frozen=True)
class WordEvidence:
    """What was heard of one word of the text. Log-likelihoods are in nats.

    `start` and `end` are its characters; `first_s` and `last_s` where it is heard.
    """

    start: int
    end: int
    first_s: float
    last_s: float
    phones: tuple[str, ...]  # that should be heard
    heard: tuple[str, ...]  # that are heard there
    missing: float  # how much likelier the recording is where the text lacks the word
    doubled: float  # how much likelier it is where the text has it twice
    unlike: float  # how much likelier what is heard there is than the word


@dataclass(frozen=True)
class GapEvidence:
    """What was heard between two words, before the first or after the last."""

    first_s: float
    last_s: float
    heard: tuple[str, ...]
    added: float  # nats by which that is likelier than nothing


@dataclass(frozen=True)
class Evidence:
    """Of one recording; `gaps` has one more than `words`: `gaps[n]` comes before `words[n]`."""

    words: tuple[WordEvidence, ...]
    gaps: tuple[GapEvidence, ...]


class EvidenceGatherer:
    """Gathers evidence by what a `PhoneHearer` hears."""

    def __init__(self, hearer: PhoneHearer) -> None:
        self.hearer = hearer
        self._tokenizer = PhonemeTokenizer()

    @torch.inference_mode()
    def gather(self, audio: np.ndarray, text: str) -> Evidence | None:
        """Compares a recording with a text; None where the recording is too short to say it.

        Args:
            audio: mono at `hearer.sample_rate`, float32 (samples,).
            text: as it is spoken; phonemes inside of it (`notation.py`) are words too.

        Raises `AudioError` for a recording that is empty or not finite.
        """
        words = self._words(text)
        predicted = self.hearer.log_probabilities(audio)
        ids = [index for word in words for index in word.ids]
        if predicted.shape[1] < len(ids) + sum(first == second for first, second in pairwise(ids)):
            return None
        path = self._path(predicted, ids)
        bounds = _bounds(words, path, self.hearer.blank)
        without, twice = self._variants(predicted, words)
        whole = self._likelihoods(predicted, [ids])[0]
        found = [
            WordEvidence(
                *(word.start, word.end, first * self.hearer.step_s, last * self.hearer.step_s, word.phones),
                heard=self._heard(predicted[0, first:last]),
                missing=max(IMPOSSIBLE, without[n] - whole),
                doubled=max(IMPOSSIBLE, twice[n] - whole),
                unlike=self._excess(predicted[0, first:last], path[first:last]),
            )
            for n, (word, (first, last)) in enumerate(zip(words, bounds, strict=True))
        ]
        edges = [0, *(edge for own in bounds for edge in own), len(path)]
        return Evidence(
            tuple(found), tuple(self._gap(predicted[0], *own) for own in zip(edges[::2], edges[1::2], strict=True))
        )

    def _words(self, text: str) -> list[_Word]:
        """Lists the words of a text that have a sound; those that share their characters ("45") as one."""
        items = [item for item in self._tokenizer.items(text) if item.is_word]
        words: list[_Word] = []
        for (start, end), own in groupby(items, key=lambda item: (item.start, item.end)):
            phones = tuple(symbol for item in own for symbol in item.symbols)
            ids = [index for index in map(VOCABULARY.index, phones) if index not in self.hearer.silent]
            if ids:
                words.append(_Word(start, end, phones, ids))
        return words

    def _path(self, predicted: Tensor, ids: Sequence[int]) -> Tensor:
        """Finds the most likely id of each step in which the text is said. Shape: (1, steps, ids) to (steps,)."""
        if not ids:
            return torch.full((predicted.shape[1],), self.hearer.blank)
        targets = torch.tensor([ids], dtype=torch.int32)
        path, _ = forced_align(predicted.cpu(), targets, blank=self.hearer.blank)
        return path[0].long()

    def _variants(self, predicted: Tensor, words: Sequence[_Word]) -> tuple[list[float], list[float]]:
        """Computes how likely the text is without each word, and with each word said twice."""
        texts: list[list[int]] = []
        for number in range(len(words)):
            before = [index for word in words[:number] for index in word.ids]
            after = [index for word in words[number + 1 :] for index in word.ids]
            texts += [before + after, before + 2 * words[number].ids + after]
        found = self._likelihoods(predicted, texts)
        return found[::2], found[1::2]

    def _likelihoods(self, predicted: Tensor, texts: Sequence[Sequence[int]]) -> list[float]:
        """Computes the log-likelihood of each text; `IMPOSSIBLE` for one that is too long."""
        if not texts:
            return []
        counts = torch.tensor([len(ids) for ids in texts])
        padded = torch.zeros(len(texts), max(1, int(counts.max())), dtype=torch.int64)
        for row, ids in zip(padded, texts, strict=True):
            row[: len(ids)] = torch.tensor(ids, dtype=torch.int64)
        steps = predicted.cpu().transpose(0, 1).expand(-1, len(texts), -1)
        lengths = torch.full((len(texts),), steps.shape[0])
        losses = F.ctc_loss(steps, padded, lengths, counts, blank=self.hearer.blank, reduction="none")
        return [-loss if np.isfinite(loss) else IMPOSSIBLE for loss in losses.tolist()]

    def _gap(self, predicted: Tensor, first: int, last: int) -> GapEvidence:
        """Weighs what is heard in steps in which the text says nothing. Shape: (steps, ids)."""
        own = predicted[first:last]
        added = float((own.amax(1) - own[:, self.hearer.blank]).sum())
        return GapEvidence(first * self.hearer.step_s, last * self.hearer.step_s, self._heard(own), added)

    def _heard(self, predicted: Tensor) -> tuple[str, ...]:
        """Names the phones that are heard best, repetitions and blanks left out. Shape: (steps, ids)."""
        best = predicted.argmax(1).tolist()
        return tuple(VOCABULARY[index] for index, _ in groupby(best) if index != self.hearer.blank)

    def _excess(self, predicted: Tensor, path: Tensor) -> float:
        """Computes how much likelier the best ids are than the path's. Shape: (steps, ids), (steps,)."""
        said = predicted.gather(1, path[:, None].to(predicted.device))[:, 0]
        return float((predicted.amax(1) - said).sum())


@dataclass(frozen=True)
class _Word:
    """A word of the text: its characters, its phones, and the ids of those that sound."""

    start: int
    end: int
    phones: tuple[str, ...]
    ids: list[int]


def _bounds(words: Sequence[_Word], path: Tensor, blank: int) -> list[tuple[int, int]]:
    """Finds the steps `[first, last)` in which each word's phones are heard. Shape: path (steps,)."""
    spikes = [
        list(group) for token, group in groupby(enumerate(path.tolist()), key=lambda step: step[1]) if token != blank
    ]
    bounds: list[tuple[int, int]] = []
    at = 0
    for word in words:
        own = spikes[at : at + len(word.ids)]
        at += len(word.ids)
        bounds.append((own[0][0][0], own[-1][-1][0] + 1))
    return bounds
