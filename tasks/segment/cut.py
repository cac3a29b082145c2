"""Makes utterances of sentences: short ones join a neighbour, long ones are cut. Works on spans of one block's text.

Must not know chapters, pauses in seconds or the engine: what fits is told by a function.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from storage.records import PauseKind
from tasks.errors import BadInputError
from tasks.normalise.rules.abbreviations import MONTHS, TITLES
from tasks.normalise.rules.references import BEFORE_NUMBER

Fits = Callable[[int, int], bool]

_CLOSING = "[\"'”’)\\]]*"
# Where a sentence may be cut, the best places first. Each match ends where the right part begins.
_PLACES = (
    re.compile(r"\n"),
    # A full stop counts only before a closing quote: elsewhere inside a sentence it belongs to an abbreviation.
    re.compile(rf"[;:!?…]{_CLOSING}\s+|\.[\"'”’]+\s+|—(?=[\w\"'“‘])|\s+[-–—]+\s+|(?<=[\w,])\s+(?=[“(\[])"),
    re.compile(rf",{_CLOSING}\s+|[)\]]\s+"),
    re.compile(r"\s+(?=(?:and|but|or|nor|for|so|yet|which|who|that|when|where|while|because|if|as|than|with)\s)"),
    re.compile(r"\s+"),
)
# No cut parts "Dr." from the name, an initial from the next, or "No." from its number.
_BOUND = re.compile(
    rf"(?<!\w)(?:{'|'.join(map(re.escape, [*TITLES, *BEFORE_NUMBER, *MONTHS]))}|St|Dr|[A-Z])\.\s+$"
    r"|(?<!\w)(?:Mr|Mrs|Ms|Dr|St|Mme|Mlle)\s+$"
)
_LONGEST_BOUND = 24  # characters before a place that are looked at
_MARGIN = 0.15  # of the text: no cut nearer to its ends, so that no crumbs fall off


@dataclass(frozen=True)
class Piece:
    """A part of a block to be spoken in one go, and the pause that belongs behind it inside the block."""

    start: int
    end: int
    pause: PauseKind


def pieces_of(text: str, sentences: Sequence[tuple[int, int]], fits: Fits, min_chars: int) -> list[Piece]:
    """Pieces that cover every character of the sentences once (whitespace between pieces aside), each of which fits."""
    cut = [piece for start, end in sentences for piece in _cut_sentence(text, start, end, fits)]
    return _join_short(text, cut, fits, min_chars)


def _cut_sentence(text: str, start: int, end: int, fits: Fits) -> Iterator[Piece]:
    parts = list(_halve(text, start, end, fits))
    for index, (part_start, part_end) in enumerate(parts):
        last = index == len(parts) - 1
        yield Piece(part_start, part_end, PauseKind.SENTENCE if last else PauseKind.CLAUSE)


def _halve(text: str, start: int, end: int, fits: Fits) -> Iterator[tuple[int, int]]:
    """Cuts in two at the best place near the middle until every part fits."""
    start, end = _trim(text, start, end)
    if start == end:
        return
    if fits(start, end):
        yield start, end
        return
    if end - start == 1:
        raise BadInputError(f"the model's limits are too small for a single character: {text[start:end]!r}")
    middle = _best_place(text, start, end)
    yield from _halve(text, start, middle, fits)
    yield from _halve(text, middle, end, fits)


def _best_place(text: str, start: int, end: int) -> int:
    centre = (start + end) / 2
    margin = max(1, int((end - start) * _MARGIN))
    for pattern in _PLACES:
        places = [match.end() for match in pattern.finditer(text, start + margin, end - margin + 1)]
        places = [place for place in places if start + margin <= place <= end - margin and not _is_bound(text, place)]
        if places:
            return min(places, key=lambda place: abs(place - centre))
    spaces = [match.end() for match in re.finditer(r"\s+", text[start:end])]  # near the ends: better than inside a word
    spaces = [place for place in spaces if not _is_bound(text, start + place)] or spaces
    if spaces:
        return start + min(spaces, key=lambda place: abs(start + place - centre))
    return (start + end) // 2


def _is_bound(text: str, place: int) -> bool:
    return _BOUND.search(text, max(0, place - _LONGEST_BOUND), place) is not None


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    part = text[start:end]
    return start + len(part) - len(part.lstrip()), end - (len(part) - len(part.rstrip()))


def _join_short(text: str, pieces: Sequence[Piece], fits: Fits, min_chars: int) -> list[Piece]:
    """Joins a piece shorter than `min_chars`, or without a word, to the one after it, else to the one before."""
    joined: list[Piece] = []
    for piece in pieces:
        short = joined and (_is_short(text, joined[-1], min_chars) or _is_short(text, piece, min_chars))
        if short and fits(joined[-1].start, piece.end):
            joined[-1] = Piece(joined[-1].start, piece.end, piece.pause)
        else:
            joined.append(piece)
    return joined


def _is_short(text: str, piece: Piece, min_chars: int) -> bool:
    return piece.end - piece.start < min_chars or not any(c.isalnum() for c in text[piece.start : piece.end])
