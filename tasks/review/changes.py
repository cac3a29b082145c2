"""Finds the words of a sentence that a person has changed. Must not know where sentences lie, or how they are spoken."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

from tasks.errors import BadInputError

_TOKEN = re.compile(r"\S+")
_NOTHING_SAID = "nothing would be said there: write at least one word"


@dataclass(frozen=True)
class Change:
    """The words `[start, end)` of a sentence, and what is said instead."""

    start: int
    end: int
    written: str
    said: str


def changes_of(sentence: str, wanted: str) -> tuple[Change, ...]:
    """Finds the words that differ, in order, as few as can be; none where the texts are alike but for blanks.

    Raises `BadInputError` where no word is left.
    """
    written = list(_TOKEN.finditer(sentence))
    said = list(_TOKEN.finditer(wanted))
    if not _has_word(wanted):
        raise BadInputError(_NOTHING_SAID)
    words = ([match[0] for match in written], [match[0] for match in said])
    matcher = SequenceMatcher(None, *words, autojunk=False)
    runs = [[i1, i2, j1, j2] for kind, i1, i2, j1, j2 in matcher.get_opcodes() if kind != "equal"]
    changes = []
    for number, run in enumerate(runs):
        floor = runs[number - 1][1] if number else 0
        ceiling = runs[number + 1][0] if number + 1 < len(runs) else len(written)
        _widen(run, words, floor, ceiling)
        i1, i2, j1, j2 = run
        changes.append(_trimmed(sentence, written[i1].start(), written[i2 - 1].end(), " ".join(words[1][j1:j2])))
    return tuple(changes)


def _widen(run: list[int], words: tuple[list[str], list[str]], floor: int, ceiling: int) -> None:
    """Takes equal neighbours into a run until both of its sides hold a word. Raises `BadInputError` if that fails."""
    while not (_has_word(" ".join(words[0][run[0] : run[1]])) and _has_word(" ".join(words[1][run[2] : run[3]]))):
        if run[0] > floor:
            run[0] -= 1
            run[2] -= 1
        elif run[1] < ceiling:
            run[1] += 1
            run[3] += 1
        else:
            raise BadInputError(_NOTHING_SAID)


def _trimmed(sentence: str, start: int, end: int, said: str) -> Change:
    """Leaves signs that stay as they are out of a change: of "Ozma," and "OZ-mah," the comma."""
    while end - start > 1 and len(said) > 1 and sentence[start] == said[0] and not said[0].isalnum():
        start += 1
        said = said[1:]
    while end - start > 1 and len(said) > 1 and sentence[end - 1] == said[-1] and not said[-1].isalnum():
        end -= 1
        said = said[:-1]
    return Change(start, end, sentence[start:end], said)


def _has_word(text: str) -> bool:
    return any(map(str.isalnum, text))
