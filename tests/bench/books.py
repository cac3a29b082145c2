"""Books of any length to measure with: plain English sentences, no two alike. Knows nothing of what is measured."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from pathlib import Path

SUBJECTS = [
    "The captain",
    "My sister",
    "An old farmer",
    "The clerk",
    "Our neighbour",
    "A young doctor",
    "The miller",
    "Her uncle",
]
VERBS = ["carried", "found", "sold", "mended", "painted", "forgot", "borrowed", "counted", "described", "washed"]
THINGS = [
    "lamp",
    "boat",
    "letter",
    "garden gate",
    "silver watch",
    "basket",
    "blanket",
    "map",
    "kettle",
    "fiddle",
    "ladder",
    "window",
]
PLACES = [
    "by the river",
    "in the kitchen",
    "at the market",
    "behind the church",
    "under the bridge",
    "near the old mill",
]
TIMES = [
    "before breakfast",
    "on a cold morning",
    "after the long rain",
    "late in the evening",
    "while nobody was looking",
]
WORDS = [
    "hen",
    "cat",
    "map",
    "box",
    "cup",
    "jar",
    "log",
    "nut",
    "pig",
    "rat",
    "sun",
    "toy",
    "bed",
    "cow",
    "fan",
    "hat",
    "jam",
    "key",
    "leg",
    "net",
    "owl",
    "pen",
    "rug",
    "saw",
    "van",
]
CHAPTER_UTTERANCES = 100


def write_book(
    path: Path, utterances: int, *, short: bool = False, chapter_utterances: int = CHAPTER_UTTERANCES
) -> Path:
    """Writes a Markdown book of so many utterances in chapters of a hundred or so many, headings among them.

    Sentences are of 30 to 150 characters as in novels, or of three words and more when `short`: then a book of ten
    thousand is made in minutes, and what is measured is what an utterance costs beside its audio.
    """
    chosen = _short() if short else sentences()
    lines = ["---", f"title: A Book of {utterances}", "author: Nobody", "language: en", "---"]
    for number in range(utterances):
        heading = number % chapter_utterances == 0
        lines += ["", f"# Chapter {number // chapter_utterances + 1}" if heading else next(chosen)]
    path.write_text("\n".join(lines), "utf-8")
    return path


def sentences() -> Iterator[str]:
    """Yields sentences of 30 to 150 characters, a few thousand of them."""
    return _long(random.Random(0))


def _short() -> Iterator[str]:
    for count in itertools.count(3):
        for first, *others in itertools.product(WORDS, repeat=count):
            yield f"{first.title()} {' '.join(others)}."


def _long(chance: random.Random) -> Iterator[str]:
    for subject, verb, thing, place in _shuffled(chance, SUBJECTS, VERBS, THINGS, PLACES):
        words = [subject, verb, "the", thing, place]
        if chance.random() < 0.5:
            words.append(chance.choice(TIMES))
        if chance.random() < 0.3:
            words += ["and", chance.choice(VERBS), "the", chance.choice(THINGS), chance.choice(TIMES)]
        yield " ".join(words) + "."


def _shuffled(chance: random.Random, *choices: list[str]) -> list[tuple[str, ...]]:
    every = list(itertools.product(*choices))
    chance.shuffle(every)
    return every
