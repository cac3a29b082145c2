"""Finds marks of notes that nothing links: "spring.¹²", "spring.12", "spring[12]", "spring^12^". English.

A mark stands right behind a word or a stop. Brackets and bare numbers are marks only where a text has several and they
count up; a raised number is one by itself, unless it is a power. Must not know formats, or where the notes are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise

_MARK = re.compile(
    r"(?P<raised>[¹²³⁰⁴-⁹]{1,3})"
    r"|\^(?P<caret>\d{1,3})\^"
    r"|\[(?P<bracket>[1-9]\d{0,2})\]"
    r"|(?P<bare>(?<=[.!?,;:”’\"'])(?<!\d.)\d{1,3}(?=\s|$))"
)
_BEHIND = re.compile(r"(?:(?P<word>[^\W\d_]+)|\d)?(?P<stops>[.!?,;:)”’\"'…]*)$")
# Behind these a number belongs to the word: "No.5", "p.12"; and of these a power is taken: "sin²".
_NUMBERED = re.compile(r"nos?|vols?|pp?|ch|chap|figs?|art|sec|vv?|op|ed|para|cl|reg|bk|pt|st|rd|[b-hj-z]")
_FUNCTIONS = re.compile(r"sin|cos|tan|log|exp|lim")
_SHORTEST_WORD = 3  # shorter ones are units and letters of formulas: km², x³
_ENOUGH = {"bracket": 2, "bare": 3}  # marks in a text before their kind is believed
_LARGEST_STEP = {"bracket": 99, "bare": 1}  # from one mark to the next: a number behind a stop may be anything
_USUALLY = 0.8  # of the steps from one mark to the next count up
_BACKWARDS_CHARS = 24
PLAIN = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")


class NoteMarks:
    """Knows which kinds of marks one text has, and finds them in its parts."""

    def __init__(self, text: str) -> None:
        numbers: dict[str, list[int]] = {kind: [] for kind in _ENOUGH}
        for match in _MARK.finditer(text):
            kind = str(match.lastgroup)
            if kind in numbers and _stands_behind(text[max(match.start() - _BACKWARDS_CHARS, 0) : match.start()], kind):
                numbers[kind].append(int(match[kind]))
        self._kinds = {"raised", "caret"}
        self._text = text
        for kind, found in numbers.items():
            if len(found) >= _ENOUGH[kind] and _counts_up(found, _LARGEST_STEP[kind]):
                self._kinds.add(kind)

    @cached_property
    def numbers(self) -> frozenset[int]:
        """The numbers of all marks in the text."""
        marks = (self._text[start:end].strip("[]^").translate(PLAIN) for start, end in self.find(self._text))
        return frozenset(int(mark) for mark in marks if mark.isdecimal())

    def find(self, text: str, before: str = "") -> list[tuple[int, int]]:
        """Returns the places `[start, end)` of marks in a part of the text; `before` are the characters before it."""
        places = []
        for match in _MARK.finditer(text):
            start = max(match.start() - _BACKWARDS_CHARS, 0)
            behind = (before if start == 0 else "") + text[start : match.start()]
            if match.lastgroup in self._kinds and _stands_behind(behind, str(match.lastgroup)):
                places.append(match.span())
        return places


def _counts_up(numbers: Sequence[int], largest_step: int) -> bool:
    """Tells whether numbers mostly count up, as those of notes do, which may begin anew at 1."""
    steps = [after == 1 or 0 < after - before <= largest_step for before, after in pairwise(numbers)]
    return sum(steps) >= _USUALLY * len(steps)


def _stands_behind(before: str, kind: str) -> bool:
    """Tells whether a mark of this kind may stand behind these characters."""
    match = _BEHIND.search(before)
    if match is None or (match["word"] is None and not match["stops"]):
        return False
    word = (match["word"] or "").lower()
    if kind == "bare" and (not word or _NUMBERED.fullmatch(word)):
        return False
    if match["stops"] and not match["stops"].startswith(")"):
        return True
    return len(word) >= _SHORTEST_WORD and not _FUNCTIONS.fullmatch(word)
