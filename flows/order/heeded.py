"""Which decisions of people a script heeds, read before it is written. Knows nothing of how anybody decides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from flows.services import Services
from storage.records import Book, Script
from storage.repository import UnitOfWork
from tasks.ingest.book import identity_of
from tasks.review.corrections import Corrections
from tasks.segment.corrected import Sayer, say_corrected
from tasks.segment.script import write_script


@dataclass(frozen=True)
class Heeded:
    """The corrections that hold for a book, and the id of the newest decision among all that were looked at."""

    corrections: Corrections = field(default_factory=Corrections)
    newest: int = 0

    def script(
        self, services: Services, book: Book, narrator: str, segment: Callable[..., Script] = write_script
    ) -> Script:
        """Writes the script of a book whose markup is complete, and has what was corrected said otherwise.

        `narrator` is the voice that reads where the markup names none. Raises `CoverageError`, `BadInputError`.
        """
        model = services.front_end
        settings = services.settings.segment
        script = segment(book, settings, model.most_tokens, model.max_text_tokens, narrator)
        sayer = Sayer(settings, model.most_tokens, model.max_text_tokens, book.language, narrator)
        return say_corrected(book, script, self.corrections.notes(script), sayer)


def read_heeded(services: Services, book: Path) -> Heeded:
    """Reads what people have corrected in a book file, and what they have corrected for all. Raises `BadInputError`."""
    if not services.has_database():
        return Heeded()
    source = identity_of(book, services.settings.ingest)

    def look(uow: UnitOfWork) -> Heeded:
        if uow.books.exists(source):
            return Heeded(Corrections.of(uow.decisions.holding(source)), uow.decisions.newest(source))
        return Heeded(Corrections.of(uow.decisions.always()), uow.decisions.newest(None))

    return services.database.read(look)
