"""How far chapters and books have come, as records. Must not know how anybody counts."""

from __future__ import annotations

from dataclasses import dataclass

from storage.records import RunState


@dataclass(frozen=True)
class ChapterSummary:
    """How far a chapter has come. Counts are of utterances."""

    index: int
    title: str
    utterances: int
    keyed: int  # asked for by some run so far
    chosen: int  # have their take
    flagged: int  # have a doubtful one, and no person has approved it
    seconds: float  # of chosen takes


@dataclass(frozen=True)
class BookSummary:
    """How far a book has come: its chapters' counts added up, and its latest run."""

    source_sha256: str
    title: str
    authors: tuple[str, ...]
    chapters: int
    utterances: int
    keyed: int
    chosen: int
    flagged: int
    seconds: float
    last_run_state: RunState | None
