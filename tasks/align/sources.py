"""Carries the times of spoken words back to the words of the source: "6:45" is spoken "six forty-five".

Must not know how words were heard, nor the rules by which text is normalised: it compares the two texts alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from storage.records import WordTime

# Blanks and dashes part words; a hyphen is inside of one.
_WORD = re.compile(r"[^\s—–―…]+")


@dataclass(frozen=True)
class _Group:
    """Words of the source and the spoken words that they became; indices, `[first, last)` each."""

    sources: tuple[int, int]
    spoken: tuple[int, int]


def source_words(text: str) -> list[tuple[int, int]]:
    """Finds the words of a text: stretches without blanks or dashes that hold a letter or a digit."""
    return [match.span() for match in _WORD.finditer(text) if any(c.isalnum() for c in match[0])]


def source_times(text: str, spoken: str, times: Sequence[WordTime]) -> tuple[WordTime, ...]:
    """Times the words of a source text, each once and in order, by those of what is spoken for it.

    Equal words have equal times. Where the texts differ, the source's words share the time of the spoken ones in
    proportion to their characters.

    Args:
        text: as it stands in the book.
        spoken: the same, normalised for speech.
        times: of the words of `spoken`, in order.
    """
    words = source_words(text)
    if not words or not times:
        return ()
    ours = [_folded(text[start:end]) for start, end in words]
    theirs = [_folded(spoken[time.start : time.end]) for time in times]
    timed: list[WordTime] = []
    for group in _groups(ours, theirs):
        timed += _shared(words[slice(*group.sources)], times[slice(*group.spoken)])
    return tuple(timed)


def _folded(word: str) -> str:
    """Reduces a word to what decides whether two are the same: its letters and digits."""
    return "".join(c for c in word.casefold() if c.isalnum())


def _groups(ours: Sequence[str], theirs: Sequence[str]) -> Iterator[_Group]:
    """Yields groups that hold every word of both texts once, in order, and none that lacks one side."""
    groups: list[_Group] = []
    for tag, first, last, begin, end in SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
        if tag == "equal":
            groups += [_Group((first + n, first + n + 1), (begin + n, begin + n + 1)) for n in range(last - first)]
        else:
            groups.append(_Group((first, last), (begin, end)))
    merged: list[_Group] = []
    for group in groups:
        if merged and (_lacks_a_side(group) or _lacks_a_side(merged[-1])):
            before = merged.pop()
            merged.append(_Group((before.sources[0], group.sources[1]), (before.spoken[0], group.spoken[1])))
        else:
            merged.append(group)
    return iter(merged)


def _lacks_a_side(group: _Group) -> bool:
    return group.sources[0] == group.sources[1] or group.spoken[0] == group.spoken[1]


def _shared(words: Sequence[tuple[int, int]], times: Sequence[WordTime]) -> Iterator[WordTime]:
    """Divides the time of spoken words among words of the source, by their characters."""
    begin = times[0].start_sample
    samples = times[-1].end_sample - begin
    total = sum(end - start for start, end in words)
    is_estimated = any(time.is_estimated for time in times)
    passed = 0
    for start, end in words:
        first = begin + samples * passed // total
        passed += end - start
        yield WordTime(start, end, first, begin + samples * passed // total, is_estimated or len(words) > 1)
