"""Owns the pronunciations that depend on the neighbouring words.

These are the weak forms ("the apple", "to go") and the choice between heteronyms ("to read", "the use"). Must not know
tokens, marks of pauses or spelling rules.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from tortoise_core.text.lexicon import DATA, Phones

HETERONYMS_PATH = DATA / "heteronyms.txt"

CUES_PATH = DATA / "cues.txt"


def _rows(path: Path) -> list[list[str]]:
    """Reads a table of words separated by spaces; lines that start with `#` are comments."""
    return [line.split() for line in path.read_text(encoding="ascii").splitlines() if not line.startswith("#")]


@lru_cache(maxsize=1)
def cues() -> dict[str, frozenset[str]]:
    """Reads which words are a cue: cue name to words."""
    return {name: frozenset(words) for name, *words in _rows(CUES_PATH)}


@lru_cache(maxsize=1)
def heteronyms() -> dict[tuple[str, str], Phones]:
    """Reads the table of heteronyms: (word, cue) to phones."""
    return {(word, cue): tuple(phones) for word, cue, *phones in _rows(HETERONYMS_PATH)}


@lru_cache(maxsize=1)
def _words_of_table() -> frozenset[str]:
    """Returns the words of the table of heteronyms, a few among all words of a text."""
    return frozenset(word for word, _ in heteronyms())


def in_context(word: str, previous: str, following: str) -> Phones | None:
    """Pronounces a word by its neighbours.

    Args:
        word: lower case.
        previous: the word before it in the same breath, lower case; empty after a pause.
        following: the first phone of the word after it; empty before a pause.

    Returns:
        Its phones, or None where the neighbours decide nothing and the lexicon should be asked.
    """
    if word == "the":
        return ("DH", "IY0" if following[-1:].isdigit() else "AH0")  # only vowels carry a stress digit
    if word == "a" and not following:
        return ("EY1",)
    if word == "to":
        return ("T", "AH0") if following else ("T", "UW1")
    if word not in _words_of_table():
        return None
    table = heteronyms()
    found = (table.get((word, cue)) for cue, words in cues().items() if previous in words)
    return next((phones for phones in found if phones), None)
