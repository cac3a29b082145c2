"""What the page works with: the library, how a book's sentences are said, and who starts work for it.

Must not know a page, nor how work is done.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from configs.settings import MasterSettings, StitchSettings
from storage.artifacts import ArtifactStore
from storage.database import Database
from storage.errors import NotFoundError
from tasks.review.desk import Desk
from tasks.segment.corrected import Sayer
from tasks.voices.catalogue import VoiceCredit


class Job(StrEnum):
    """What people can have done to a book."""

    SPEAK = "speak"  # what was rejected or corrected, without publishing
    PUBLISH = "publish"


@dataclass(frozen=True)
class JobWord:
    """What is to be known of the job that was started last for a book."""

    text: str = ""  # that it begins, or why it came to nothing
    is_waiting: bool = False  # it has not begun yet, and no other can


class Starter(Protocol):
    """Starts work that goes on without the page."""

    def start(self, source: str, job: Job) -> str:
        """Starts a job for a book and says so in words. Raises `TalepressError` where it cannot begin."""

    def word(self, source: str) -> JobWord:
        """Says what is to be known of the job that was started last."""


@dataclass(frozen=True)
class Shelf:
    """The parts that the page is made of."""

    database: Database
    store: ArtifactStore
    stitch: StitchSettings
    master: MasterSettings
    sayer_of: Callable[[str], Sayer]  # of a book by its sha256, as its last run read it
    starter: Starter
    inbox: Path  # where books may be dropped; there may be no such folder
    voices: Callable[[], Sequence[VoiceCredit]]  # that may be heard: whose they are, and under which licence

    def find(self, name: str) -> str:
        """Finds a book's sha256 by its beginning, 16 digits. Raises `NotFoundError`."""
        with self.database.snapshot() as uow:
            found = uow.books.sources(name) if len(name) >= 16 else ()
        if len(found) != 1:
            raise NotFoundError("there is no such book: the list of books shows them")
        return found[0]

    def desk(self, source: str, who: str, seen: int | None = None) -> Desk:
        """Opens a person's desk on a book."""
        return Desk(self.database, source, who, self.sayer_of(source), seen)
