"""What listeners hear of takes, as records. Must not know who listens or how."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class HowHeard(StrEnum):
    """What a listener makes of a word."""

    SAID = "said"
    MISSING = "missing"
    ADDED = "added"  # the text has no such word
    DOUBTFUL = "doubtful"  # said, but perhaps as something else


@dataclass(frozen=True)
class HeardWord:
    """A word as somebody heard it. Of an added one, `start` and `end` are where it would stand in the text."""

    start: int  # characters of `Utterance.spoken`
    end: int
    how: HowHeard
    start_s: float  # seconds of the take
    end_s: float
    doubt: float  # 0: certainly said as written; 1: certainly not
    heard: str = ""  # what is heard in its place, where that is known


@dataclass(frozen=True)
class Hearing:
    """What one listener heard of one take."""

    listener: str  # its kind, version and weights
    words: tuple[HeardWord, ...]  # in order
    score: float  # the share of words that are said as written, by the listener's own doubts
