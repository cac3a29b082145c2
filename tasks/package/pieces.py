"""Cuts a chapter that is too long for one file, between utterances. Must not know what kind of file it is."""

from __future__ import annotations

from collections.abc import Sequence

from storage.records import PauseKind, PlacedUtterance

Piece = tuple[int, int]
"""Utterances `[first, end)` of a chapter."""

_RANKS = {PauseKind.SCENE: 0, PauseKind.PARAGRAPH: 1, PauseKind.STANZA: 1}  # where a cut is heard least
_ANY = 2
_OUT_OF_THE_WAY = 3  # so far from the middle that one piece would be short


def pieces_of(placed: Sequence[PlacedUtterance], most: int) -> tuple[Piece, ...]:
    """Halves a chapter until each piece lasts at most so many samples, from its first word to its last.

    A cut is at a scene break in the middle half where there is one, else at the end of a paragraph, else of any
    utterance; of several, at the one nearest to the middle. A single utterance that lasts longer stays whole.
    """
    return tuple(_halved(placed, 0, len(placed), most))


def _halved(placed: Sequence[PlacedUtterance], first: int, end: int, most: int) -> list[Piece]:
    begins = placed[first].start_sample
    ends = placed[end - 1].end_sample
    if ends - begins <= most or end - first == 1:
        return [(first, end)]

    def rank(cut: int) -> tuple[int, float]:
        pause = (placed[cut - 1].end_sample + placed[cut].start_sample) / 2
        away = abs(pause - (begins + ends) / 2)
        central = away <= (ends - begins) / 4
        return (_RANKS.get(placed[cut - 1].utterance.pause, _ANY) if central else _OUT_OF_THE_WAY, away)

    cut = min(range(first + 1, end), key=rank)
    return _halved(placed, first, cut, most) + _halved(placed, cut, end, most)
