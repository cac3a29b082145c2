"""The review page: one HTML file that needs no server, no network and no script, and runs none.

Text of a book is hostile: the template escapes everything, and a content policy in the page forbids what might get
through. Must not know where takes are kept.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from tasks.voices.catalogue import VoiceCredit

OUTLINE_HEIGHT = 48  # of the picture of a waveform, in its own units


@dataclass(frozen=True)
class TakeShown:
    """A take of a doubtful utterance. `opus` is None where the page would grow too large."""

    attempt: int
    chosen: bool
    seconds: float
    doubts: tuple[str, ...]  # in plain words
    reasons: tuple[str, ...]  # as the checks put them
    opus: bytes | None
    outline: tuple[tuple[float, float], ...]

    @property
    def source(self) -> str:
        """The sound as an address for a player."""
        return f"data:audio/ogg;base64,{base64.b64encode(self.opus or b'').decode()}"

    @property
    def path(self) -> str:
        """The waveform as the path of an SVG picture, `len(outline)` wide and `OUTLINE_HEIGHT` high."""
        middle = OUTLINE_HEIGHT / 2
        return " ".join(
            f"M{column + 0.5:g} {middle - middle * high:.1f}V{middle - middle * low + 0.5:.1f}"
            for column, (low, high) in enumerate(self.outline)
        )


@dataclass(frozen=True)
class Passage:
    """An utterance whose chosen take is doubtful, and its takes, the chosen one first."""

    place: str  # chapter and utterance, from 1: "20:18"
    chapter: str
    start: str  # time in the audiobook, "0:31:07"; empty where the chapter is not finished
    before: str
    text: str
    after: str
    takes: tuple[TakeShown, ...]


@dataclass(frozen=True)
class ChapterShown:
    """A chapter. Figures of its audio are empty where it is not finished."""

    number: int
    title: str
    start: str
    length: str
    loudness: str
    peak: str
    utterances: int
    flagged: int


@dataclass(frozen=True)
class Review:
    """What the page shows."""

    title: str
    authors: str
    narrator: str
    length: str
    losses: tuple[str, ...]  # what was left out of the book by a guess, where it is much or prose
    files: tuple[str, ...]
    chapters: tuple[ChapterShown, ...]
    passages: tuple[Passage, ...]
    command: str  # that speaks the doubtful utterances again; empty where there are none
    voices: tuple[VoiceCredit, ...]  # that speak


def render_page(review: Review) -> str:
    """Writes the page."""
    return _template().render(review=review, height=OUTLINE_HEIGHT)


def places(passages: Sequence[Passage]) -> str:
    """The places of passages as `talepress retry --only` wants them."""
    return ",".join(passage.place for passage in passages)


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("tasks.review", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html.jinja")
