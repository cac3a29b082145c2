"""The folders of the inbox, and how files move through them. Each step is one rename, so that it happened or did not.

    inbox/              where books are dropped
      .work/            what was taken out of it: a folder for each book, named by its content once that is known
      done/             books whose audiobook was delivered
      failed/NAME/      a book that could not be made, and `reason.txt`
    outbox/AUTHOR/TITLE/   the audiobook; the file `done` comes last

Must not know what a file holds, nor why it moves.
"""

from __future__ import annotations

import errno
import json
import os
import shlex
import shutil
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

from tasks.disk import output_errors, publish
from tasks.errors import BadInputError
from tasks.inbox.arrivals import DEFAULTS, READY_SUFFIX, Sight, order_name
from tasks.package.naming import safe_name, with_reason

DONE_MARKER = "done"  # in a delivered folder: nothing more will be written there
REASON = "reason.txt"
MAX_NAME_BYTES = 200
OUT = "out"  # below a book's folder: where its run publishes
_UNNAMED = "new-"
_SEEN = "seen.json"


class InboxFolders:
    """Knows the places. Every step may be repeated after it was cut short."""

    def __init__(self, inbox: Path, outbox: Path) -> None:
        self.inbox = inbox
        self.outbox = outbox
        self.work = inbox / ".work"
        self.done = inbox / "done"
        self.failed = inbox / "failed"

    def make(self) -> None:
        """Makes the folders that are not there. Raises `OutputError`."""
        for folder in (self.work, self.done, self.failed, self.outbox):
            with output_errors(folder):
                folder.mkdir(parents=True, exist_ok=True)

    def seen_before(self) -> dict[str, Sight]:
        """Reads what the last scan saw; nothing where there was none, or its note is damaged."""
        try:
            noted = json.loads((self.work / _SEEN).read_text("utf-8", "surrogateescape"))
            return {name: Sight(**sight) for name, sight in noted.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}

    def note_seen(self, seen: Mapping[str, Sight]) -> None:
        """Writes down what this scan saw."""
        fresh = self.work / f"{_SEEN}.new"
        noted = json.dumps({name: asdict(sight) for name, sight in seen.items()})
        fresh.write_text(noted, "utf-8", "surrogateescape")
        fresh.replace(self.work / _SEEN)

    def take(self, book: Path) -> None:
        """Takes a book out of the inbox; its order follows (`taken`). One that is gone already is left alone."""
        folder = self.work / f"{_UNNAMED}{uuid.uuid4().hex}"
        folder.mkdir()
        try:
            book.rename(folder / book.name)
        except FileNotFoundError:
            folder.rmdir()

    def taken(self) -> Iterator[Path]:
        """Yields the folders of books whose content is not known yet, each with its order file if it has one."""
        for folder in sorted(self.work.glob(f"{_UNNAMED}*"), key=_age):
            book = _only_file(folder)
            if book is None:
                shutil.rmtree(folder)  # cut short before the book was in it
                continue
            order = self.inbox / order_name(book.name)
            if order.name != DEFAULTS and _is_file(order):
                order.rename(folder / f"book{_ORDER_MARK}")
            mark = self.inbox / f"{book.name}{READY_SUFFIX}"
            if _is_file(mark):
                mark.unlink()
            yield folder

    def call(self, folder: Path, digest: str) -> bool:
        """Gives a book's folder the name of its content. False where that content is in work already."""
        named = self.of(digest)
        if named.exists():
            return False
        folder.rename(named)
        return True

    def of(self, digest: str) -> Path:
        """The folder of a book in work."""
        return self.work / digest[:16]

    def out(self, digest: str) -> Path:
        """Where the run of a book publishes."""
        return self.of(digest) / OUT

    def place_for(self, author: str, title: str, digest: str) -> Path:
        """Finds a folder in the outbox that nothing else has."""
        shelf = self.outbox / safe_name(author or "Unknown author")
        name = safe_name(title)
        reasons = ["", digest[:8], *(f"{digest[:8]} {number}" for number in range(2, 1000))]
        return next(place for reason in reasons if not (place := shelf / with_reason(name, reason)).exists())

    def published_again(self) -> Iterator[str]:
        """Yields the names of folders without a book into which something was published after the delivery."""
        for folder in sorted(self.work.iterdir()):
            out = folder / OUT
            if not folder.name.startswith(_UNNAMED) and book_in(folder) is None and out.is_dir() and any(out.iterdir()):
                yield folder.name

    def done_place(self, book: Path) -> Path:
        """Where a book would lie in `done/` now."""
        return _free(self.done / book.name)

    def deliver(self, digest: str, place: Path) -> None:
        """Moves what was published to its place in the outbox, the book to `done/`, and writes the marker last.

        What lies there of an earlier delivery is replaced where it has the same name.
        """
        with output_errors(place):
            out = self.out(digest)
            place.parent.mkdir(parents=True, exist_ok=True)
            if out.is_dir():
                (place / DONE_MARKER).unlink(missing_ok=True)
                _move_folder(out, place)
            if place.is_dir():  # else somebody has fetched it before this was cut short
                marker = place / f".{DONE_MARKER}"
                marker.write_text(f"{digest}\n", "utf-8")
                publish(marker, place / DONE_MARKER)
            self.put_away(self.of(digest))

    def put_away(self, folder: Path, note: str = "") -> None:
        """Moves a book out of `.work` to `done/`, with a note beside it where there is something to say."""
        if (book := book_in(folder)) is not None:
            target = self.done_place(book)
            if note:
                _free(target.with_name(f"{target.name}.txt")).write_text(note + "\n", "utf-8")
            order = order_in(folder)
            book.rename(target)
            if order is not None:
                order.rename(_free(self.done / order_name(target.name)))
        if folder.exists():
            shutil.rmtree(folder)

    def reject(self, folder: Path, reason: str) -> None:
        """Moves a book out of `.work` to a folder of its own in `failed/`, with the reason. Does so once."""
        if not folder.exists():
            return
        book = book_in(folder)
        target = _free(self.failed / safe_name(printable(book.name) if book else folder.name))
        with output_errors(target):
            target.mkdir()
            (target / REASON).write_text(f"{reason}\n\n{_remedy(target.name)}\n", "utf-8")
            if book is not None:
                place = _free(target / _short(book.name))  # a book may have the name of the reason
                book.rename(place)
                if (order := order_in(folder)) is not None:
                    order.rename(target / order_name(place.name))
            shutil.rmtree(folder)

    def put_back(self, name: str) -> str:
        """Moves a book out of its folder in `failed/` into the inbox again, whole at once. Returns the book's name.

        Raises `BadInputError` where there is no such folder, it holds no book, or the inbox has a file of that name.
        """
        known = sorted(path.name for path in self.failed.glob("*/"))
        if name not in known:  # "" and ".." lead elsewhere
            names = ", ".join(known) or "none"
            raise BadInputError(f"there is no folder {name!r} in {self.failed}: those that there are: {names}")
        folder = self.failed / name
        files = {path.name: path for path in folder.iterdir() if path.name != REASON}
        orders = {order_name(file) for file in files}
        books = [file for file in files if file not in orders]
        if len(books) != 1:
            raise BadInputError(f"{folder} holds {len(books)} books: drop what you want to have made into {self.inbox}")
        (book,) = books
        taken = [file for file in files if (self.inbox / file).exists()]
        if taken:
            raise BadInputError(f"{self.inbox} has a file {taken[0]} already: wait until it was taken, or rename one")
        for file in sorted(files, key=lambda file: file == book):  # the order first: a look in between takes no book
            files[file].rename(self.inbox / file)
        (self.inbox / f"{book}{READY_SUFFIX}").touch()
        shutil.rmtree(folder)
        return book


def _remedy(name: str) -> str:
    command = f"talepress inbox retry {shlex.quote(name)}"
    return f"When that is put right, give the command `{command}`, or drop the file into the inbox again."


def book_in(folder: Path) -> Path | None:
    """The book in a folder of `.work`; None where somebody has taken it away."""
    return _only_file(folder)


def order_in(folder: Path) -> Path | None:
    """The order file in a folder of `.work`; None where the book has none."""
    found = [path for path in folder.glob(f"*{_ORDER_MARK}") if path.is_file()]
    return found[0] if found else None


def printable(name: str) -> str:
    """A file's name for people and databases: bytes that are not UTF-8 are replaced."""
    return os.fsencode(name).decode("utf-8", "replace")


_ORDER_MARK = ".order.toml"  # so that it cannot be taken for the book


def _is_file(path: Path) -> bool:
    """Tells whether there is such a file. There is none of a name that is too long, for which `Path.is_file` raises."""
    return os.path.isfile(path)  # noqa: PTH113  # `Path.is_file` raises for a name that is too long


def _only_file(folder: Path) -> Path | None:
    if not folder.is_dir():
        return None
    files = [path for path in folder.iterdir() if not path.name.endswith(_ORDER_MARK) and not _is_out(path)]
    return files[0] if files else None


def _is_out(path: Path) -> bool:
    """Tells whether that is where a run publishes, and not a book that somebody has called so."""
    return path.name == OUT and path.is_dir() and not path.is_symlink()


def _age(folder: Path) -> tuple[float, str]:
    book = _only_file(folder)
    return (book.lstat().st_mtime if book else 0.0, folder.name)


def _free(path: Path) -> Path:
    """A path that nothing has: `book.epub`, `book (2).epub` and so on."""
    candidate = path
    number = 1
    while candidate.exists() or candidate.is_symlink():
        number += 1
        candidate = path.with_name(f"{path.stem} ({number}){path.suffix}")
    return candidate


def _short(name: str) -> str:
    """A name that every file system takes, its suffix kept."""
    if len(os.fsencode(name)) <= MAX_NAME_BYTES:
        return name
    return safe_name(printable(name)) + Path(name).suffix[:20]


def _move_folder(source: Path, target: Path) -> None:
    """Renames a folder; copies it first where the target is on another disk, under a name that nobody looks at.

    Into a folder that is there already, it moves file by file.
    """
    if target.exists():
        for folder, _, files in os.walk(source):
            inside = target / Path(folder).relative_to(source)
            inside.mkdir(exist_ok=True)
            for name in files:
                _move_file(Path(folder, name), inside / name)
        shutil.rmtree(source)
        return
    try:
        source.rename(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        fresh = target.with_name(f".{target.name}.new")
        if fresh.exists():
            shutil.rmtree(fresh)
        shutil.copytree(source, fresh)
        fresh.rename(target)
        shutil.rmtree(source)


def _move_file(source: Path, target: Path) -> None:
    """Puts a file in the place of another; copies it first where the target is on another disk."""
    try:
        source.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        fresh = target.with_name(f".{target.name}.new")
        shutil.copy2(source, fresh)
        publish(fresh, target)
        source.unlink()
