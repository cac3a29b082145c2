"""Plants faults in takes by cutting at the times of their words. The same take and kind give the same fault.

Must not know who will hear them.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from storage.records import WordTime

FADE_S = 0.005
REST_S = 0.25  # between a take and what was put after it
NOISE_S = (0.4, 0.9)
LOUD_PERCENTILE = 90.0


@dataclass(frozen=True, eq=False)
class Take:
    """A take without a fault that we know of: mono (samples,), what it should say and when it says each word."""

    audio: np.ndarray
    sample_rate: int
    spoken: str
    words: Sequence[WordTime]


@dataclass(frozen=True, eq=False)
class Planted:
    """Audio with a fault. `spans`: characters of the text that are not said as written; none: too much is said."""

    kind: str
    audio: np.ndarray
    spans: tuple[tuple[int, int], ...]


Fault = Callable[[Take, Take, random.Random], Planted]  # the second take: another text by the same voice


def dropped(take: Take, _other: Take, source: random.Random) -> Planted:
    """Leaves one word out."""
    n = source.randrange(len(take.words))
    start, end = _place(take, n)
    return Planted("dropped", _joined(take.sample_rate, take.audio[:start], take.audio[end:]), (_span(take, n),))


def doubled(take: Take, _other: Take, source: random.Random) -> Planted:
    """Says one word twice."""
    n = source.randrange(len(take.words))
    start, end = _place(take, n)
    word = take.audio[start:end]
    return Planted("doubled", _joined(take.sample_rate, take.audio[:end], word, take.audio[end:]), (_span(take, n),))


def exchanged(take: Take, _other: Take, source: random.Random) -> Planted:
    """Lets two neighbouring words change places."""
    n = source.randrange(len(take.words) - 1)
    start, middle = _place(take, n)
    _, end = _place(take, n + 1)
    pieces = (take.audio[:start], take.audio[middle:end], take.audio[start:middle], take.audio[end:])
    return Planted("exchanged", _joined(take.sample_rate, *pieces), (_span(take, n), _span(take, n + 1)))


def replaced(take: Take, other: Take, _source: random.Random) -> Planted:
    """Has the neighbour's sentence in its place."""
    return Planted("another sentence", other.audio, tuple(_span(take, n) for n in range(len(take.words))))


def followed(take: Take, other: Take, _source: random.Random) -> Planted:
    """Has the neighbour's sentence after its own."""
    rest = np.zeros(round(REST_S * take.sample_rate), np.float32)
    return Planted("a sentence more", np.concatenate([take.audio, rest, other.audio]), ())


def babble(take: Take, other: Take, source: random.Random) -> Planted:
    """Goes on after its end: words of another sentence in any order, backwards half the time."""
    count = min(len(other.words), source.randint(2, 4))
    pieces = [other.audio[slice(*_place(other, n))] for n in source.sample(range(len(other.words)), count)]
    if source.random() < 0.5:
        pieces = [piece[::-1] for piece in pieces]
    rest = np.zeros(round(source.uniform(0.05, REST_S) * take.sample_rate), np.float32)
    return Planted("babble", np.concatenate([take.audio, rest, _joined(take.sample_rate, *pieces)]), ())


def cut(take: Take, _other: Take, source: random.Random) -> Planted:
    """Ends inside one of its last two words."""
    n = len(take.words) - source.randint(1, 2)
    start, end = _place(take, n)
    at = round(start + source.uniform(0.2, 0.6) * (end - start))
    return Planted("cut", take.audio[:at], tuple(_span(take, m) for m in range(n, len(take.words))))


def noise(take: Take, _other: Take, source: random.Random) -> Planted:
    """Is drowned in noise, as loud as its loud parts, for half a second or so."""
    length = min(len(take.audio), round(source.uniform(*NOISE_S) * take.sample_rate))
    first = source.randrange(len(take.audio) - length + 1)
    window = round(0.02 * take.sample_rate)
    levels = np.sqrt(np.square(take.audio[: len(take.audio) // window * window]).reshape(-1, window).mean(1))
    loud = float(np.percentile(levels, LOUD_PERCENTILE))
    noisy = take.audio.copy()
    noisy[first : first + length] += loud * np.random.default_rng(source.getrandbits(32)).standard_normal(length)
    drowned = [n for n, word in enumerate(take.words) if word.start_sample < first + length and first < word.end_sample]
    return Planted("noise", np.clip(noisy, -1, 1).astype(np.float32), tuple(_span(take, n) for n in drowned))


FAULTS: tuple[Fault, ...] = (dropped, doubled, exchanged, replaced, followed, babble, cut, noise)


def _place(take: Take, n: int) -> tuple[int, int]:
    """Where a word lies: from its start to the start of the next."""
    end = take.words[n + 1].start_sample if n + 1 < len(take.words) else len(take.audio)
    return take.words[n].start_sample, end


def _span(take: Take, n: int) -> tuple[int, int]:
    return take.words[n].start, take.words[n].end


def _joined(sample_rate: int, *pieces: np.ndarray) -> np.ndarray:
    """Joins pieces, each faded in and out, so that no click gives the cut away."""
    fade = round(FADE_S * sample_rate)
    faded: list[np.ndarray] = []
    for piece in pieces:
        own = piece.astype(np.float32, copy=True)
        if len(own) > 2 * fade:
            own[:fade] *= np.linspace(0, 1, fade, dtype=np.float32)
            own[-fade:] *= np.linspace(1, 0, fade, dtype=np.float32)
        faded.append(own)
    return np.concatenate(faded)
