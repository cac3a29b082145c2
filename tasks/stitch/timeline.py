"""Lays out a chapter: decides at which sample every take starts and ends, before a single file is read.

It must not know how audio is read or written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from configs.settings import StitchSettings
from storage.records import ChosenTake, PlacedUtterance
from tasks.errors import TalepressError
from tasks.pauses import pause_seconds


@dataclass(frozen=True)
class Timeline:
    """Where a chapter's utterances lie. Gaps between them, and the rest up to `samples`, are room tone."""

    sample_rate: int
    samples: int
    placed: tuple[PlacedUtterance, ...]


def lay_out(cues: Sequence[ChosenTake], settings: StitchSettings) -> Timeline:
    """Places a chapter's takes after its head, each followed by the pause that its utterance asks for.

    Args:
        cues: utterances with their takes, in reading order.
        settings: head, tail and pauses in seconds.

    Returns:
        The timeline, in whole samples: the lengths of chapters add up to the length of the book.

    Raises:
        TalepressError: no utterance at all, or takes of different sample rates.
    """
    if not cues:
        raise TalepressError("a chapter without utterances cannot be stitched: leave it out of the edition")
    rates = sorted({cue.take.sample_rate for cue in cues})
    if len(rates) > 1:
        raise TalepressError(f"takes of {' and '.join(map(str, rates))} Hz in one chapter: render them with one model")
    rate = rates[0]
    position = round(settings.head_s * rate)
    placed = []
    for cue in cues:
        end = position + cue.take.samples
        placed.append(PlacedUtterance(cue.utterance, cue.take.key, position, end))
        position = end + round(pause_seconds(cue.utterance, settings.pauses) * rate)
    return Timeline(rate, position + round(settings.tail_s * rate), tuple(placed))
