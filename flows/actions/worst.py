"""`talepress worst`: reads what the listener heard of the takes that a book uses. Knows nothing of terminals."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from flows.order.existing import known_source
from flows.services import Services
from storage.repository import HeardUtterance
from tasks.errors import BadInputError
from tasks.qa.listeners.reasons import misheard, reasons_of


@dataclass(frozen=True)
class BadlyHeard:
    """A take in use. `place` is as `talepress retry --only` takes it; `score` the share of words heard as written."""

    place: str
    chapter: str
    text: str
    score: float
    reasons: tuple[str, ...]
    take: str  # its key

    def as_json(self) -> dict[str, Any]:
        """Returns the members of its JSON object."""
        return asdict(self)


def worst_heard(services: Services, book: Path, count: int) -> tuple[BadlyHeard, ...]:
    """Lists so many takes of a book, the worst heard first.

    Raises `BadInputError` for a book that was never made, and where nobody listened to any of its takes.
    """
    source = known_source(services, book)
    with services.database.snapshot() as uow:
        found = uow.hearings.worst(source, count)
    if not found:
        raise BadInputError(
            f'{book}: nobody has listened to a take of it; set qa.listen = "built-in" in talepress.toml, and make it'
        )
    return tuple(map(_badly_heard, found))


def _badly_heard(item: HeardUtterance) -> BadlyHeard:
    utterance = item.utterance
    return BadlyHeard(
        place=f"{utterance.chapter_index + 1}:{utterance.index + 1}",
        chapter=item.chapter_title,
        text=utterance.spoken,
        score=item.hearing.score,
        reasons=reasons_of(misheard(item.hearing), utterance.spoken),
        take=item.take.key,
    )
