"""Finds what some outputs want to know besides: when each word is spoken, and where the text stands in the book's file.

Nothing of it is looked for where no output asks. Word times are kept, so that they are found once. Knows nothing of
Prefect, nor of how words are heard.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from flows.order.manuscript import read_manuscript
from flows.order.needs import timer_of
from flows.order.order import Order
from flows.progress import Progress, announce
from storage.records import Book, Master, WordTime
from storage.repository import UnitOfWork
from tasks import stopping
from tasks.align.apart import Takes, Times, listener_apart
from tasks.align.sources import source_times
from tasks.align.timers import time_takes
from tasks.align.words import WordTimer
from tasks.errors import BadInputError
from tasks.ingest.book import can_be_traced, read_book
from tasks.models.catalogue import find_model
from tasks.package.content import EditionContent
from tasks.package.outputs import find_outputs
from tasks.package.timeline import TimedWord, WordTimes, on_timeline

SAVED_AT_ONCE = 100  # takes whose words are saved in one transaction: what a crash may cost
HEARD_HERE = 500  # takes, about half an hour: for more, a process of its own is worth its start

logger = logging.getLogger(__name__)


def with_details(order: Order, content: EditionContent) -> EditionContent:
    """Returns the content of an edition with all that its outputs want to know.

    Raises `BadInputError` where the book's file is gone or says something else now; and as `time_takes`.
    """
    outputs = find_outputs(content.settings.outputs)
    if any(output.needs_origins for output in outputs):
        content = replace(content, traced=traced_book(order))
    timer = timer_of(order.services.settings)
    return content if timer is None else replace(content, words=_word_times(order, content, timer))


def keep_book_file(order: Order) -> None:
    """Keeps a copy of the book's file in the store, for outputs that are made of it later; only of an EPUB."""
    path = Path(order.request.book)
    data = path.read_bytes() if path.is_file() else b""
    if hashlib.sha256(data).hexdigest() == order.source and can_be_traced(path, data):
        order.services.store.put_bytes(data)


def traced_book(order: Order) -> Book:
    """Reads the order's book again, its blocks traced. Raises `BadInputError` where they are not those of the order."""
    path = Path(order.request.book)
    if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != order.source:
        raise BadInputError(f"{path} has changed since it was read: run the same command again")
    read = partial(read_book, traced=True)
    services = order.services
    book = read_manuscript(order.request, services.settings, services.front_end.languages, read=read).book
    if _texts(book) != _texts(order.book):
        raise BadInputError(f"{path} reads otherwise than a moment ago: run the same command again")
    return book


def _texts(book: Book) -> list[list[str]]:
    return [[block.text for block in chapter.blocks] for chapter in book.chapters]


def _word_times(order: Order, content: EditionContent, timer: WordTimer) -> WordTimes:
    """Times the words of an edition's utterances: those of takes that nobody has listened to yet are found now."""
    _listen_to_missing(order, content, timer)
    times: dict[tuple[int, int], tuple[TimedWord, ...]] = {}
    for master in content.masters:  # one by one: a long book has hundreds of thousands of words
        known = _known_words(order, master, timer)
        for item in master.placed:
            words = source_times(item.utterance.text, item.utterance.spoken, known[item.take_key])
            times[item.utterance.chapter_index, item.utterance.index] = on_timeline(item, words)
    return times


def _known_words(order: Order, master: Master, timer: WordTimer) -> Mapping[str, tuple[WordTime, ...]]:
    """Reads the words of the takes that are heard in a chapter."""
    keys = {item.take_key for item in master.placed}
    return order.services.database.read(lambda uow: uow.word_times.of(keys, timer.digest))


def _listen_to_missing(order: Order, content: EditionContent, timer: WordTimer) -> None:
    """Has the takes of an edition listened to whose words nobody has timed yet, and keeps the times."""
    placed = {item.take_key: item.utterance.spoken for master in content.masters for item in master.placed}
    database = order.services.database
    known = database.read(lambda uow: uow.word_times.timed(placed, timer.digest))
    missing = [key for key in placed if key not in known]
    with _listener(order, timer, len(missing)) as listen:
        for start in range(0, len(missing), SAVED_AT_ONCE):
            stopping.check()
            announce(Progress("align", start, len(missing)))
            keys = missing[start : start + SAVED_AT_ONCE]
            found = listen({key: (content.takes[key], placed[key]) for key in keys})
            database.transact(partial(_save_times, digest=timer.digest, found=found))
    if missing:
        announce(Progress("align", len(missing), len(missing)))


@contextmanager
def _listener(order: Order, timer: WordTimer, takes: int) -> Iterator[Callable[[Takes], Times]]:
    """Yields what lists the words of takes: where there are many to listen to, in a process of its own."""
    services = order.services
    if takes <= HEARD_HERE:
        yield lambda some: dict(time_takes(services.store, timer, some))
        return
    align = services.settings.align
    with listener_apart(align, find_model(services.settings.storage, align.model).path, services.store) as listen:
        yield listen


def _save_times(uow: UnitOfWork, digest: str, found: Mapping[str, tuple[WordTime, ...]]) -> None:
    uow.word_times.save(digest, found)
