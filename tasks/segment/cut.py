"""Makes utterances of sentences: short ones join a neighbour, long ones are cut. Works on parts of one block's text.

Must not know chapters, pauses in seconds or the engine: a function says what fits.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from storage.records import PauseKind
from tasks.errors import BadInputError
from tasks.normalise.rules.abbreviations import MONTHS, TITLES
from tasks.normalise.rules.references import BEFORE_NUMBER
from tasks.patterns import regexp

Fits = Callable[[int, int], bool]

_CLOSING = "[\"'”’)\\]]*"
# Where a sentence may be cut, the best places first. Each match ends where the right part begins.
_PLACES = (
    regexp(r"\n"),
    # A full stop counts only before a closing quote: elsewhere inside a sentence it belongs to an abbreviation.
    regexp(rf"[;:!?…]{_CLOSING}\s+|\.[\"'”’]+\s+|—(?=[\w\"'“‘])|\s+[-–—]+\s+|(?<=[\w,])\s+(?=[“(\[])"),
    regexp(rf",{_CLOSING}\s+|[)\]]\s+"),
    regexp(r"\s+(?=(?:and|but|or|nor|for|so|yet|which|who|that|when|where|while|because|if|as|than|with)\s)"),
    regexp(r"\s+"),
)
# No cut parts "Dr." from the name, an initial from the next, or "No." from its number.
_BOUND = regexp(
    rf"(?<!\w)(?:{'|'.join(map(re.escape, [*TITLES, *BEFORE_NUMBER, *MONTHS]))}|St|Dr|[A-Z])\.\s+$"
    r"|(?<!\w)(?:Mr|Mrs|Ms|Dr|St|Mme|Mlle)\s+$"
)
_LONGEST_BOUND = 24  # characters before a place that are looked at
_MARGIN = 0.15  # of the text: no cut is nearer to its ends, where it would leave a word or two alone
_SPACES = regexp(r"\s+")


@dataclass(frozen=True)
class Part:
    """Characters `[start, end)` of a block, to be spoken in one go, and the pause behind them inside the block."""

    start: int
    end: int
    pause: PauseKind


def parts_of(text: str, sentences: Sequence[tuple[int, int]], fits: Fits, min_chars: int) -> list[Part]:
    """Makes parts that cover every character of the sentences once, whitespace between them aside. Each part fits."""
    cut = [part for start, end in sentences for part in _cut_sentence(text, start, end, fits)]
    return _join_short(text, cut, fits, min_chars)


def _cut_sentence(text: str, start: int, end: int, fits: Fits) -> Iterator[Part]:
    """Cuts one sentence into parts that fit, with the pauses of clauses between them."""
    parts = list(_halve(text, start, end, fits))
    for index, (part_start, part_end) in enumerate(parts):
        last = index == len(parts) - 1
        yield Part(part_start, part_end, PauseKind.SENTENCE if last else PauseKind.CLAUSE)


def _halve(text: str, start: int, end: int, fits: Fits) -> Iterator[tuple[int, int]]:
    """Cuts a text in two at the best place near the middle, and its halves again, until every part fits."""
    start, end = _trim(text, start, end)
    if start == end:
        return
    if fits(start, end):
        yield start, end
        return
    if end - start == 1:
        raise BadInputError(
            f"the model's limits are too small for a single character, {text[start:end]!r}: raise segment.max_chars"
        )
    middle = _best_place(text, start, end)
    yield from _halve(text, start, middle, fits)
    yield from _halve(text, middle, end, fits)


def _best_place(text: str, start: int, end: int) -> int:
    """Finds the place to cut a text at: a stop before a comma before a word, near the middle, last inside of a word."""
    centre = (start + end) / 2
    margin = max(1, int((end - start) * _MARGIN))
    first = start + margin
    last = end - margin
    for pattern in _PLACES:
        places = [match.end() for match in pattern.finditer(text, first, last + 1)]
        places = [place for place in places if first <= place <= last and not _is_bound(text, place)]
        if places:
            return min(places, key=lambda place: abs(place - centre))
    # A space near the ends is better than a cut inside of a word.
    spaces = [start + match.end() for match in _SPACES.finditer(text[start:end])]
    spaces = [place for place in spaces if not _is_bound(text, place)] or spaces
    return min(spaces, key=lambda place: abs(place - centre)) if spaces else (start + end) // 2


def _is_bound(text: str, place: int) -> bool:
    """Tells whether a cut at `place` would part a title from its name, or an abbreviation from its number."""
    return _BOUND.search(text, max(0, place - _LONGEST_BOUND), place) is not None


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    """Leaves the whitespace at both ends out of `[start, end)`."""
    part = text[start:end]
    first = start + len(part) - len(part.lstrip())
    return first, first + len(part.strip())


def _join_short(text: str, parts: Sequence[Part], fits: Fits, min_chars: int) -> list[Part]:
    """Joins a part shorter than `min_chars`, or without a word, to the one after it, else to the one before."""
    joined: list[Part] = []
    for part in parts:
        short = joined and (_is_short(text, joined[-1], min_chars) or _is_short(text, part, min_chars))
        if short and fits(joined[-1].start, part.end):
            joined[-1] = Part(joined[-1].start, part.end, part.pause)
        else:
            joined.append(part)
    return joined


def _is_short(text: str, part: Part, min_chars: int) -> bool:
    return part.end - part.start < min_chars or not any(c.isalnum() for c in text[part.start : part.end])
