"""One look at the inbox: takes what was dropped, begins runs, delivers what is made, and says what could not be.

Everything is a row and a rename, so that a look that was cut short is finished by the next one. Must not know how runs
are begun: a `Runner` does that.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from filelock import FileLock, Timeout

from configs.settings import Settings
from flows.order.request import Request
from flows.services import Services
from storage.dropped import InboxItem, InboxState
from storage.errors import NotFoundError
from storage.records import Run, RunState
from storage.repository import UnitOfWork
from tasks.errors import BadInputError, TalepressError
from tasks.inbox.arrivals import DEFAULTS, arrivals, books_of, look, order_name
from tasks.inbox.folders import MAX_NAME_BYTES, OUT, InboxFolders, book_in, order_in, printable
from tasks.inbox.order_file import read_order

logger = logging.getLogger(__name__)

PATH_FIELDS = tuple(
    name
    for name, info in Request.model_fields.items()
    if (info.json_schema_extra or {}).get("format") == "path"  # type: ignore[union-attr]
)
OPTIONS = tuple(name for name in Request.model_fields if name not in ("book", "out"))  # those the inbox fills in
GONE = "the book was taken out of the inbox's folders while it waited"


class Progress(StrEnum):
    """How a run stands, as its runner sees it."""

    RUNNING = "running"
    ENDED = "ended"
    LOST = "lost"  # nobody knows of such a run


@dataclass(frozen=True)
class Standing:
    """How a run stands, and what it says."""

    progress: Progress
    message: str = ""  # why it failed, in one sentence


class Runner(Protocol):
    """Who makes books."""

    def begin(self, request: Request, name: str) -> str:
        """Begins a run, or finds the one that was begun by that name. Returns what to ask for it by."""

    def stands(self, run: str) -> Standing:
        """Tells how a run stands."""


@dataclass
class Scan:
    """What one look has done, by names of files, for people."""

    begun: list[str] = field(default_factory=list)
    delivered: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    known: list[str] = field(default_factory=list)  # the same content was dropped before
    arriving: list[str] = field(default_factory=list)  # not left alone for long enough to be taken
    waiting: int = 0  # in work, or for a free run

    def sentence(self) -> str:
        """All of it for a person."""
        kinds = (("begun", self.begun), ("delivered", self.delivered), ("failed", self.failed), ("known", self.known))
        parts = [f"{kind}: {', '.join(names)}" for kind, names in kinds if names]
        return "; ".join([*parts, f"in work: {self.waiting}"])

    def advice(self, settle_s: float) -> str:
        """Why files still lie in the inbox, for a person; "" where none does."""
        if not self.arriving:
            return ""
        return (
            f"still arriving: {', '.join(self.arriving)}: a later look takes what nobody has changed for "
            f"{settle_s:g} seconds; an empty file NAME.ready beside a book says at once that it is whole"
        )


def folders_of(settings: Settings) -> InboxFolders:
    """Where the inbox and the outbox are."""
    home = settings.storage.folder
    inbox = Path(settings.inbox.folder) if settings.inbox.folder else home / "inbox"
    outbox = Path(settings.inbox.outbox) if settings.inbox.outbox else home / "outbox"
    return InboxFolders(inbox.absolute(), outbox.absolute())


def scan(services: Services, runner: Runner) -> Scan:
    """Looks at the inbox once. Raises `BadInputError` while another look is under way, `OutputError`."""
    folders = folders_of(services.settings)
    folders.make()
    with _alone(folders):
        looking = _Look(services, runner, folders)
        looking.take()
        looking.receive()
        looking.advance()
        looking.deliver_again()
        return looking.done


@contextmanager
def _alone(folders: InboxFolders) -> Iterator[None]:
    lock = FileLock(folders.work / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise BadInputError(f"another look at {folders.inbox} is under way: it does the same") from None
    try:
        yield
    finally:
        lock.release()


class _Look:
    """One look at the inbox."""

    def __init__(self, services: Services, runner: Runner, folders: InboxFolders) -> None:
        self.done = Scan()
        self._services = services
        self._runner = runner
        self._folders = folders

    def take(self) -> None:
        """Takes the files that are whole out of the inbox, in the order in which they came."""
        seen = look(self._folders.inbox)
        before = self._folders.seen_before()
        settle = self._services.settings.inbox.settle_s
        whole = tuple(arrivals(self._folders.inbox, seen, before, time.time(), settle))
        for book in whole:
            self._folders.take(book)
        self.done.arriving += [printable(name) for name in sorted(books_of(seen) - {book.name for book in whole})]
        self._folders.note_seen(seen)

    def receive(self) -> None:
        """Makes a row of each book that was taken, or says why it is none."""
        for folder in self._folders.taken():
            book = book_in(folder)
            assert book is not None
            try:
                item = self._read(folder, book)
            except TalepressError as error:
                self._folders.reject(folder, str(error))
                self.done.failed.append(printable(book.name))
            except OSError as error:  # as in `advance`
                logger.warning("%s waits: %s", printable(book.name), error)
            else:
                self._settle(folder, item)

    def advance(self) -> None:
        """Takes every item one step on, as far as it can go now."""
        items = self._services.database.read(lambda uow: uow.inbox.open())
        running = sum(item.state is InboxState.RUNNING for item in items)
        for item in items:
            before = item.state
            if before is InboxState.RECEIVED and running >= self._services.settings.inbox.ahead:
                continue
            try:
                after = self._step(item)
            except TalepressError as error:  # of this book; the others go on
                after = self._fail(item, str(error))
            except OSError as error:  # a disk that is away for a moment: the next look goes on with it
                logger.warning("%s waits: %s", item.name, error)
                after = item
            running += (after.state is InboxState.RUNNING) - (before is InboxState.RUNNING)
        self.done.waiting = len(self._services.database.read(lambda uow: uow.inbox.open()))

    def deliver_again(self) -> None:
        """Delivers what was published of books after their delivery: retried, or with other decisions of people."""
        names = tuple(self._folders.published_again())
        for item in self._services.database.read(lambda uow: [uow.inbox.called(name) for name in names]):
            if item is None or item.state is not InboxState.DELIVERED:
                continue
            runs = self._runs_of(item)
            if not runs or runs[0].state not in (RunState.DONE, RunState.FLAGGED):
                continue
            try:
                self._deliver(item)
            except (TalepressError, OSError) as error:  # the next look goes on with it
                logger.warning("%s waits: %s", item.name, error)

    def _read(self, folder: Path, book: Path) -> InboxItem:
        """Reads what was dropped. Raises `BadInputError` for what is no book file, or an order that makes no sense."""
        name = printable(book.name)
        if book.is_symlink() or not book.is_file():
            raise BadInputError(f"{name} is no ordinary file: drop the book itself")
        if "\ufffd" in name or len(os.fsencode(book.name)) > MAX_NAME_BYTES:
            raise BadInputError(f"the name {name} is longer than {MAX_NAME_BYTES} bytes, or not UTF-8: rename the file")
        if name == OUT:
            raise BadInputError(f"the inbox has a folder {OUT} of its own beside each book: rename the file")
        inbox = self._folders.inbox
        orders = {DEFAULTS: inbox / DEFAULTS, order_name(name): order_in(folder)}
        try:
            files = {file: path for file, path in orders.items() if path is not None and path.is_file()}
            order = read_order(files, inbox, OPTIONS, PATH_FIELDS)
            with book.open("rb") as file:
                source = hashlib.file_digest(file, "sha256").hexdigest()
        except PermissionError as error:
            raise BadInputError(f"{name} or its order may not be read by who runs this: permit it") from error
        try:
            Request.from_values(order | {"book": str(book), "out": str(inbox)}, in_file=True)
        except BadInputError as error:
            raise BadInputError(f"{' or '.join(files)}: {error}") from error
        content = json.dumps([source, order], sort_keys=True, default=str)
        digest = hashlib.sha256(content.encode()).hexdigest()
        return InboxItem(digest, source, name, order, received_at=datetime.now(UTC))

    def _settle(self, folder: Path, item: InboxItem) -> None:
        """Decides by the row what a book that was taken is: new, another attempt, or the same once more."""

        def note_down(uow: UnitOfWork) -> InboxItem:
            known = uow.inbox.find(item.digest)
            if known is None:
                noted = item
            elif known.state in (InboxState.FAILED, InboxState.DELIVERED) and not _is_delivered(known):
                noted = replace(item, attempt=known.attempt + 1)
            else:
                noted = known
            uow.inbox.put(noted)
            return noted

        noted = self._services.database.transact(note_down)
        if _is_delivered(noted):
            note = f"The same book with the same order as {noted.name}; its audiobook is in {noted.place}."
            self._folders.put_away(folder, note)
            self.done.known.append(item.name)
        elif not self._folders.call(folder, item.digest):
            note = f"The same book with the same order as {noted.name}, which is being made."
            self._folders.put_away(folder, note)
            self.done.known.append(item.name)

    def _step(self, item: InboxItem) -> InboxItem:
        match item.state:
            case InboxState.RECEIVED:
                return self._begin(item)
            case InboxState.RUNNING:
                standing = self._runner.stands(item.run)
                if standing.progress is Progress.RUNNING:
                    return item
                if standing.progress is Progress.LOST:
                    return self._begin(replace(item, attempt=item.attempt + 1))
                return self._ended(item, standing.message)
            case InboxState.REVIEW:
                return self._ended(item, "")
            case _:
                return self._deliver(item)

    def _begin(self, item: InboxItem) -> InboxItem:
        book = book_in(self._folders.of(item.digest))
        if book is None:
            return self._fail(item, GONE)
        out = self._folders.out(item.digest)
        request = Request.from_values(item.order | {"book": str(book), "out": str(out)})
        run = self._runner.begin(request, f"inbox-{item.digest[:16]}-{item.attempt}")
        self.done.begun.append(item.name)
        item = self._save(replace(item, state=InboxState.RUNNING, run=run))
        standing = self._runner.stands(run)  # a runner may be done by now
        return self._ended(item, standing.message) if standing.progress is Progress.ENDED else item

    def _ended(self, item: InboxItem, message: str) -> InboxItem:
        """Decides by our own rows what a run that has ended, or waits for people, has made."""
        runs = self._runs_of(item)
        latest = runs[0].state if runs else None
        if latest in (RunState.DONE, RunState.FLAGGED):
            return self._deliver(item)
        if latest is RunState.RUNNING:  # somebody has had it published or spoken again before we looked
            return item
        if item.state is InboxState.REVIEW or any(run.state is RunState.REVIEW for run in runs):
            page = self._services.settings.review.book_address(item.source_sha256)
            return self._save(replace(item, state=InboxState.REVIEW, place=page))
        return self._fail(item, message or (runs[0].message if runs else "the run ended without saying why"))

    def _runs_of(self, item: InboxItem) -> tuple[Run, ...]:
        """The runs that were to publish where this item's run publishes, the latest first."""
        out = str(self._folders.out(item.digest))
        try:
            runs = self._services.database.read(lambda uow: uow.runs.of(item.source_sha256))
        except NotFoundError:
            return ()
        return tuple(run for run in runs if run.request.get("out") == out and run.started_at >= item.received_at)

    def _deliver(self, item: InboxItem) -> InboxItem:
        if item.state not in (InboxState.MADE, InboxState.DELIVERED):
            book = self._services.database.read(lambda uow: uow.books.summary(item.source_sha256))
            place = self._folders.place_for(", ".join(book.authors), book.title, item.digest)
            item = self._save(replace(item, state=InboxState.MADE, place=str(place)))
        file = book_in(self._folders.of(item.digest))
        if file is not None:  # who retries the book asks its runs where it lies
            done = str(self._folders.done_place(file))
            self._services.database.transact(lambda uow: uow.runs.move_book(item.source_sha256, str(file), done))
        self._folders.deliver(item.digest, Path(item.place))
        self.done.delivered.append(item.name)
        return self._save(replace(item, state=InboxState.DELIVERED))

    def _fail(self, item: InboxItem, message: str) -> InboxItem:
        self._folders.reject(self._folders.of(item.digest), message)
        self.done.failed.append(item.name)
        return self._save(replace(item, state=InboxState.FAILED, message=message))

    def _save(self, item: InboxItem) -> InboxItem:
        self._services.database.transact(lambda uow: uow.inbox.put(item))
        return item


def _is_delivered(item: InboxItem) -> bool:
    return item.state is InboxState.DELIVERED and Path(item.place).is_dir()


def item_json(item: InboxItem) -> Mapping[str, Any]:
    """What a program may know of an item."""
    return {
        "name": item.name,
        "state": str(item.state),
        "attempt": item.attempt,
        "received_at": item.received_at.isoformat(timespec="seconds"),
        "message": item.message,
        "place": item.place,
    }
