"""Looks up what a book was asked for last, and its masters and editions that are finished already.

Without Prefect, so that the command line can say that there is nothing to do before starting it. Reads only. Knows
nothing of how anything is made.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from flows.order.alone import alone
from flows.order.credits import credit_titles, credit_utterances
from flows.order.needs import timer_of
from flows.order.order import Order
from flows.order.request import Request
from flows.services import Services
from storage.errors import BookBusyError, IncompleteError
from storage.records import ChosenTake, Edition, Master
from tasks.errors import BadInputError
from tasks.ingest.book import identity_of
from tasks.master.master_key import master_key
from tasks.package.content import EditionContent
from tasks.package.edition import edition_key, is_published

AnyRequest = TypeVar("AnyRequest", bound=Request)

PUBLISH = "publish"  # the flow that makes no audio
# The name of every edition before names could be chosen. An edition's place does not say it, so that it stays the same.
FIRST_NAME = "{title} (chapters {chapters})"


def known_source(services: Services, book: Path) -> str:
    """Returns the identity of a book that the library knows. Raises `BadInputError` for one that was never made."""
    source = identity_of(book, services.settings.ingest)
    if services.has_database() and services.database.read(lambda uow: uow.books.exists(source)):
        return source
    raise BadInputError(_never_made(book))


def _never_made(book: str | Path) -> str:
    return f"{book} was never made: make it first, with `talepress make`"


def last_request(services: Services, asked: Mapping[str, Any], kind: type[AnyRequest]) -> AnyRequest:
    """Reads what the last run of a book was asked for, with `asked` in its place where that is given.

    Raises `BadInputError` when there was no run.
    """
    source = known_source(services, Path(asked["book"]))
    runs = services.database.read(lambda uow: uow.runs.of(source))
    runs = tuple(run for run in runs if run.flow != PUBLISH)  # they are of files, elsewhere perhaps, not of the reading
    if not runs:
        raise BadInputError(_never_made(asked["book"]))
    recorded = Request.from_record(runs[0].request)
    return kind.from_values({**recorded.model_dump(), **asked})


def require_idle(order: Order) -> None:
    """Raises `BookBusyError` when another process works on the book. The run's start checks again, for certain."""
    if not order.services.has_database():
        return
    with alone(order):
        pass
    source = order.source
    runs = order.services.database.read(lambda uow: uow.runs.of(source) if uow.books.exists(source) else ())
    if runs and runs[0].is_under_way:
        raise BookBusyError(
            f"another process has been working on {order.book.title!r} since {runs[0].started_at:%Y-%m-%d %H:%M} UTC: "
            "wait for it or stop it"
        )


def chosen_takes(order: Order, chapter: int) -> tuple[ChosenTake, ...]:
    """Reads a chapter's utterances with their takes. Raises `IncompleteError` when one has none."""
    return order.services.database.read(lambda uow: uow.takes.chosen(order.source, chapter))


def find_master(order: Order, chapter: int, cues: tuple[ChosenTake, ...]) -> tuple[str, Master | None]:
    """Computes the key of a chapter's master, and finds the master, None where its row or its audio is missing."""
    key, found = recorded_master(order, chapter, cues)
    return key, found if found is not None and order.services.store.exists(found.audio_sha256) else None


def recorded_master(order: Order, chapter: int, cues: tuple[ChosenTake, ...]) -> tuple[str, Master | None]:
    """Computes the key of a chapter's master, and finds its row, whatever has become of its audio."""
    settings = order.services.settings
    key = master_key(cues, settings.stitch, settings.master)
    return key, order.services.database.read(lambda uow: uow.masters.find(key, order.source, chapter))


def edition_content(order: Order, masters: tuple[Master, ...]) -> EditionContent:
    """Gathers everything that an edition with these masters is made of; what names it is there without any master."""
    cues = [cue for master in masters for cue in chosen_takes(order, master.chapter_index)]
    decisions = order.services.database.read(
        lambda uow: uow.decisions.holding(order.source) if uow.books.exists(order.source) else ()
    )
    timer = timer_of(order.services.settings)
    return EditionContent(
        book=order.book,
        masters=masters,
        takes={cue.take.key: cue.take for cue in cues},
        voice=order.voice,
        model=Path(order.services.settings.synthesize.model).name,
        model_digest=order.services.front_end.digest,
        sampling=order.sampling,
        settings=order.services.settings.package,
        chapters=order.selection,
        preset=order.services.settings.synthesize.preset,
        decisions=decisions,
        directions=order.request.directions,
        credit_keys=tuple(
            item.key
            for title in credit_titles(order.services.settings.package)
            for item in credit_utterances(order, title)
        ),
        timer=timer.digest if timer is not None else "",
    )


def find_edition(order: Order, content: EditionContent) -> tuple[str, Edition | None]:
    """Computes the key of an edition's row, and finds the edition, None unless its files lie as they were written."""
    key, recorded = recorded_edition(order, content)
    return key, recorded if recorded is not None and is_published(recorded) else None


def recorded_edition(order: Order, content: EditionContent) -> tuple[str, Edition | None]:
    """Computes the key of an edition's row, and reads the row, None without one; its files may have gone or changed.

    The key covers the content and the order's folder: the same edition in another folder is published there too.
    """
    key = edition_key(content)
    name = content.settings.name
    parts = [key, str(order.out), *([] if name == FIRST_NAME else [name])]
    row_key = hashlib.sha256(" ".join(parts).encode("utf-8", "surrogateescape")).hexdigest()
    return row_key, order.services.database.read(lambda uow: uow.editions.find(row_key))


@dataclass(frozen=True, eq=False)
class Finished:
    """What a run would make, found finished."""

    masters: tuple[Master, ...]  # of the order's chapters
    edition: Edition


def find_finished(order: Order) -> Finished | None:
    """Finds the masters and the edition that a run would make. Returns None when anything at all is left to do."""
    if not order.services.has_database():
        return None
    source = order.source
    if not order.services.database.read(
        lambda uow: uow.books.exists(source) and uow.books.keyed(source, order.chapters) == order.keyed
    ):
        return None
    masters = []
    for chapter in order.chapters:
        try:
            _, master = find_master(order, chapter, chosen_takes(order, chapter))
        except IncompleteError:
            return None
        if master is None:
            return None
        masters.append(master)
    _, edition = find_edition(order, edition_content(order, tuple(masters)))
    return None if edition is None else Finished(tuple(masters), edition)
