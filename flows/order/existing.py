"""Looks up the masters and editions that are finished already.

Without Prefect, so that the command line can say that there is nothing to do before starting it. Reads only. Knows
nothing of how anything is made.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from flows.order.alone import alone
from flows.order.order import Order
from storage.errors import BookBusyError, IncompleteError
from storage.records import ChosenTake, Edition, Master, RunState
from tasks.errors import BadInputError
from tasks.master.keys import master_key
from tasks.package.content import EditionContent
from tasks.package.edition import edition_key, is_published


def source_of(book: Path) -> str:
    """Computes the identity of a book file, as the database knows it. Raises `BadInputError`."""
    try:
        with book.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise BadInputError(f"{book} cannot be read: {error.strerror}") from error


def require_idle(order: Order) -> None:
    """Raises `BookBusyError` when another process works on the book. The run's start checks again, for certain."""
    if not order.services.has_database():
        return
    with alone(order):
        pass
    with order.services.database.snapshot() as uow:
        runs = uow.runs.of(order.source) if uow.books.exists(order.source) else ()
    if runs and runs[0].state is RunState.RUNNING and not runs[0].interrupted:
        raise BookBusyError(
            f"another process works on {order.book.title!r} since {runs[0].started_at:%Y-%m-%d %H:%M} UTC: "
            "wait for it or stop it"
        )


def chosen_takes(order: Order, chapter: int) -> tuple[ChosenTake, ...]:
    """Reads a chapter's utterances with their takes. Raises `IncompleteError` when one has none."""
    with order.services.database.snapshot() as uow:
        return uow.takes.chosen(order.source, chapter)


def find_master(order: Order, chapter: int, cues: tuple[ChosenTake, ...]) -> tuple[str, Master | None]:
    """Computes the key of a chapter's master, and finds the master, None where its row or its audio is missing."""
    key, found = recorded_master(order, chapter, cues)
    return key, found if found is not None and order.services.store.exists(found.audio_sha256) else None


def recorded_master(order: Order, chapter: int, cues: tuple[ChosenTake, ...]) -> tuple[str, Master | None]:
    """Computes the key of a chapter's master, and finds its row, whatever has become of its audio."""
    settings = order.services.settings
    key = master_key(cues, settings.stitch, settings.master, opens_book=chapter == order.chapters[0])
    with order.services.database.snapshot() as uow:
        return key, uow.masters.find(key, order.source, chapter)


def edition_content(order: Order, masters: tuple[Master, ...]) -> EditionContent:
    """Gathers everything that the edition is made of."""
    cues = [cue for chapter in order.chapters for cue in chosen_takes(order, chapter)]
    return EditionContent(
        book=order.book,
        masters=masters,
        takes={cue.take.key: cue.take for cue in cues},
        voice=order.voice,
        model=Path(order.services.settings.synthesize.model).name,
        model_digest=order.services.front_end.digest,
        sampling=order.sampling,
        settings=order.services.settings.package,
    )


def find_edition(order: Order, content: EditionContent) -> tuple[str, Edition | None]:
    """Computes the key of an edition in the order's folder, and finds the edition, None unless its files lie there as
    they were written."""
    key = edition_key(content)
    place = hashlib.sha256(f"{key} {order.out}".encode("utf-8", "surrogateescape")).hexdigest()
    with order.services.database.snapshot() as uow:
        found = uow.editions.find(place)
    return place, found if found is not None and is_published(found) else None


def finished_edition(order: Order) -> Edition | None:
    """Finds the edition that a run would make. Returns None when anything at all is left to do."""
    if not order.services.has_database():
        return None
    with order.services.database.snapshot() as uow:
        if not uow.books.exists(order.source) or uow.books.keyed(order.source, order.chapters) != order.keyed:
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
    return find_edition(order, edition_content(order, tuple(masters)))[1]
