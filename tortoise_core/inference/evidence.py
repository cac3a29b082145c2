"""Gathers what speaks for and against a recording saying its text: word by word, and between the words.

A `PhoneHearer` hears the recording twice, the second time half a code later: what it hears by the chance of where
codes begin, it hears once. Stress is left out, as it is rarely heard. The recording is then compared with the text,
with anything in a word's place, and with rivals: the word left out, said twice, exchanged with the next, or one that it
may be mistaken for. Must not know what is done about it, nor which words are mistaken for one another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby, pairwise

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from torchaudio.functional import forced_align

from tortoise_core.inference.lattice import Lattice
from tortoise_core.inference.phone_hearer import PhoneHearer
from tortoise_core.text.lexicon import Phones
from tortoise_core.text.phonemes import VOCABULARY, PhonemeTokenizer

UNHEARD = -1e4  # nats; stands for minus infinity: of a text that the recording is too short for, or where there is none
_PLAIN = tuple(f"{symbol[:-1]}0" if symbol[-1] in "12" else symbol for symbol in VOCABULARY)
SOUNDS = tuple(dict.fromkeys(_PLAIN))  # the vocabulary without stress
_SOUND_OF = torch.tensor([SOUNDS.index(plain) for plain in _PLAIN] + [len(SOUNDS)])
_BLANK = len(SOUNDS)


@dataclass(frozen=True)
class WordEvidence:
    """What was heard of one word of the text.

    `start` and `end` are its characters; `first_s` and `last_s` where it is heard. What follows `heard` says how much
    likelier, in nats, the recording is with another text; negative where the text as it stands explains it better.
    """

    start: int
    end: int
    first_s: float
    last_s: float
    phones: Phones  # that should be heard
    heard: Phones  # that are heard between its neighbours, without stress
    missing: float  # with a text that lacks the word
    doubled: float  # with the word twice
    exchanged: float  # with the word and the next in each other's place
    mistaken: float  # with the likeliest of what the word may be mistaken for
    unlike: float  # with anything in the word's place
    unlike_phones: tuple[float, ...]  # with anything in the place of each of its phones


@dataclass(frozen=True)
class GapEvidence:
    """What was heard between two words, before the first or after the last."""

    first_s: float
    last_s: float
    heard: Phones  # without stress
    added: float  # nats by which the recording is likelier with anything there than with nothing


@dataclass(frozen=True)
class Evidence:
    """Of one recording; `gaps` has one more than `words`: `gaps[n]` comes before `words[n]`.

    `unlike` is how much likelier what is heard best is than the text, in nats for each phone of it; `seconds` is the
    recording's length.
    """

    words: tuple[WordEvidence, ...]
    gaps: tuple[GapEvidence, ...]
    unlike: float
    seconds: float


class EvidenceGatherer:
    """Gathers evidence by what a `PhoneHearer` hears.

    Args:
        hearer: the networks.
        rivals: says for which phones a word of the text may be mistaken.
    """

    def __init__(self, hearer: PhoneHearer, rivals: Callable[[str], Iterable[Phones]]) -> None:
        self.hearer = hearer
        self._rivals = rivals
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
        predicted = self._predicted(audio)
        ids = [index for word in words for index in word.ids]
        if len(predicted) < len(ids) + sum(first == second for first, second in pairwise(ids)):
            return None
        lattice = Lattice(predicted.numpy(), ids, _BLANK)
        likeliest = float(predicted.amax(1).sum())
        edges = [0, *accumulate(len(word.ids) for word in words)]  # in phones
        bounds = _bounds(words, _path(predicted, ids))
        others = self._others(predicted, words, text)
        return Evidence(
            tuple(
                self._word(predicted, lattice, word, (edges[n], edges[n + 1]), bounds[n], others[n])
                for n, word in enumerate(words)
            ),
            tuple(self._gap(predicted, lattice, edge) for edge in edges),
            unlike=(likeliest - lattice.whole) / max(1, len(ids)),
            seconds=len(predicted) * self.hearer.step_s,
        )

    def _predicted(self, audio: np.ndarray) -> Tensor:
        """Hears a recording twice and takes the mean of the probabilities. Shape: (samples,) to (steps, sounds + 1)."""
        step = round(self.hearer.step_s * self.hearer.sample_rate)
        once = self.hearer.log_probabilities(audio)[0]
        later = self.hearer.log_probabilities(np.pad(audio, (step, 0)))[0, 1:]  # codes begin half a code earlier
        steps = min(len(once), len(later))
        mean = (once[:steps].exp() + later[:steps].exp()).double().cpu() / 2
        return torch.zeros(steps, _BLANK + 1, dtype=mean.dtype).index_add_(1, _SOUND_OF, mean).clamp_min(1e-30).log()

    def _words(self, text: str) -> list[_Word]:
        """Lists the words of a text that have a sound; those that share their characters ("45") as one."""
        items = [item for item in self._tokenizer.items(text) if item.is_word]
        words: list[_Word] = []
        for (start, end), own in groupby(items, key=lambda item: (item.start, item.end)):
            phones = tuple(symbol for item in own for symbol in item.symbols)
            ids = _ids(phone for phone in phones if VOCABULARY.index(phone) not in self.hearer.silent)
            if ids:
                words.append(_Word(start, end, phones, ids))
        return words

    def _others(self, predicted: Tensor, words: Sequence[_Word], text: str) -> list[dict[str, float]]:
        """Computes for each word how likely the recording is with other texts, by how these differ."""
        texts: list[list[int]] = []
        places: list[tuple[int, str]] = []
        for n, word in enumerate(words):
            before = [index for other in words[:n] for index in other.ids]
            after = [index for other in words[n + 1 :] for index in other.ids]
            others = [("missing", []), ("doubled", 2 * word.ids)]
            others += [("mistaken", _ids(phones)) for phones in self._rivals(text[word.start : word.end])]
            texts += [before + ids + after for _, ids in others]
            if n + 1 < len(words):
                others.append(("exchanged", []))
                texts.append(before + words[n + 1].ids + word.ids + after[len(words[n + 1].ids) :])
            places += [(n, name) for name, _ in others]
        found = [dict.fromkeys(("missing", "doubled", "exchanged", "mistaken"), -np.inf) for _ in words]
        whole = [index for word in words for index in word.ids]
        for (n, name), ids, likelihood in zip(places, texts, _likelihoods(predicted, texts), strict=True):
            if ids != whole:  # what sounds the same is no other text
                found[n][name] = max(found[n][name], likelihood)
        return found

    def _word(
        self,
        predicted: Tensor,
        lattice: Lattice,
        word: _Word,
        phones: tuple[int, int],
        steps: tuple[int, int],
        others: Mapping[str, float],
    ) -> WordEvidence:
        """Weighs one word.

        Args:
            predicted: (steps, sounds + 1).
            lattice: of the whole text.
            word: the one that is weighed.
            phones: first and end of its phones among those of the text.
            steps: first and end of the steps in which it is heard.
            others: likelihoods of the recording with other texts.
        """
        anything = lattice.replaced(*phones)
        against = {name: max(UNHEARD, likelihood - lattice.whole) for name, likelihood in others.items()}
        return WordEvidence(
            *(word.start, word.end, steps[0] * self.hearer.step_s, steps[1] * self.hearer.step_s, word.phones),
            heard=_heard(predicted[anything.first : anything.last]),
            missing=against["missing"],
            doubled=against["doubled"],
            exchanged=against["exchanged"],
            mistaken=against["mistaken"],
            unlike=anything.nats,
            unlike_phones=tuple(lattice.replaced(phone, phone + 1).nats for phone in range(*phones)),
        )

    def _gap(self, predicted: Tensor, lattice: Lattice, at: int) -> GapEvidence:
        """Weighs what is heard before the phone of this number, beside phones of the text."""
        added = lattice.replaced(at, at)
        heard = _heard(predicted[added.first : added.last])
        return GapEvidence(added.first * self.hearer.step_s, added.last * self.hearer.step_s, heard, added.nats)


@dataclass(frozen=True)
class _Word:
    """A word of the text: its characters, its phones, and the ids of its sounds."""

    start: int
    end: int
    phones: Phones
    ids: list[int]


def _ids(phones: Iterable[str]) -> list[int]:
    return [int(_SOUND_OF[VOCABULARY.index(phone)]) for phone in phones]


def _likelihoods(predicted: Tensor, texts: Sequence[Sequence[int]]) -> list[float]:
    """Computes the log-likelihood of each text; minus infinity for one that is too long. Shape: (steps, sounds + 1)."""
    if not texts:
        return []
    counts = torch.tensor([len(ids) for ids in texts])
    padded = torch.zeros(len(texts), max(1, int(counts.max())), dtype=torch.int64)
    for row, ids in zip(padded, texts, strict=True):
        row[: len(ids)] = torch.tensor(ids, dtype=torch.int64)
    steps = predicted.float()[:, None].expand(-1, len(texts), -1)
    lengths = torch.full((len(texts),), len(predicted))
    losses = F.ctc_loss(steps, padded, lengths, counts, blank=_BLANK, reduction="none")
    return [-loss for loss in losses.tolist()]


def _path(predicted: Tensor, ids: Sequence[int]) -> Tensor:
    """Finds the most likely sound of each step in which the text is said. Shape: (steps, sounds + 1) to (steps,)."""
    if not ids:
        return torch.full((len(predicted),), _BLANK)
    targets = torch.tensor([ids], dtype=torch.int32)
    path, _ = forced_align(predicted.float()[None], targets, blank=_BLANK)
    return path[0].long()


def _heard(predicted: Tensor) -> Phones:
    """Names the sounds that are heard best, repetitions and blanks left out. Shape: (steps, sounds + 1)."""
    return tuple(SOUNDS[index] for index, _ in groupby(predicted.argmax(1).tolist()) if index != _BLANK)


def _bounds(words: Sequence[_Word], path: Tensor) -> list[tuple[int, int]]:
    """Finds the steps `[first, last)` in which each word's sounds are heard. Shape: path (steps,)."""
    spikes = [
        list(group) for token, group in groupby(enumerate(path.tolist()), key=lambda step: step[1]) if token != _BLANK
    ]
    bounds: list[tuple[int, int]] = []
    at = 0
    for word in words:
        own = spikes[at : at + len(word.ids)]
        at += len(word.ids)
        bounds.append((own[0][0][0], own[-1][-1][0] + 1))
    return bounds
