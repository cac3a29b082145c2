"""Which books a command is asked for: files, folders of HTML, folders of books, standard input, a list of paths.

Knows nothing of what is done with them.
"""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from configs.settings import IngestSettings
from tasks.disk import output_errors
from tasks.errors import BadInputError
from tasks.ingest.formats.html.folder import holds_index
from tasks.ingest.formats.kinds import STANDARD_INPUT, suffix_of
from tasks.ingest.formats.table import FORMATS

STDIN = "-"
_SHOWN_CHARS = 100
_NAME_THEM = "name the files that are books"
_BOOKS = frozenset(suffix for format_ in FORMATS for suffix in format_.suffixes if format_.is_book_by_name)
_PERHAPS_BOOKS = frozenset(suffix for format_ in FORMATS for suffix in format_.suffixes) - _BOOKS
BOOK_SUFFIXES = ", ".join(sorted(_BOOKS))  # of files that are books by their names, for people


@dataclass(frozen=True)
class NamedBooks:
    """The books that a command names."""

    paths: Mapping[str, Path]  # absolute, by what people call them, each once, in the order in which they were named
    several: bool  # whether there may be more than one by the way they are named
    notes: tuple[str, ...] = ()  # what people should know of the choice

    def require_one(self, option: str, value: object) -> None:
        """Raises `BadInputError` where an option that belongs to one book is given for several."""
        if self.several and value:
            raise BadInputError(f"{option} belongs to one book: name one")


@dataclass(frozen=True)
class FolderBooks:
    """The books in a folder."""

    paths: tuple[Path, ...]  # of what is a book by its name, in order; of a folder that is a book itself, its own
    others: str = ""  # counts of files that may be books, but are none by their names: "1 .html, 2 .txt"
    has_folders: bool = False

    @property
    def left_out(self) -> str:
        """Says what was left out; "" for nothing."""
        return f"what may be anything is left out ({self.others})" if self.others else ""


@contextmanager
def named_books(
    names: Sequence[str], settings: IngestSettings, *, listed: str = "", recursive: bool = False
) -> Iterator[NamedBooks]:
    """Finds the books of a command for the length of the block; standard input lies in a file of its own so long.

    Args:
        names: files, folders, `-` for the bytes of one book on standard input. A folder with an index page is a book;
            any other stands for the books in it that are known as such by their suffix.
        settings: limits of a book.
        listed: a file of such names, one a line, `-` for standard input; "" where there is none.
        recursive: whether folders of books are looked through to their bottom.

    Raises `BadInputError` for a folder without books, or that is no library; an unreadable list; no name at all.
    """
    if [*names, listed].count(STDIN) > 1:
        raise BadInputError("- is standard input, which holds one book or one list: name it once")
    several = bool(listed) or len(names) > 1
    names = [*names, *_read_list(listed)] if listed else names
    if not names:
        raise BadInputError("no book is named: name a file, a folder of books, - for standard input, or --books FILE")
    found: dict[str, Path] = {}
    notes: list[str] = []
    with ExitStack() as stack:
        for name in names:
            if name == STDIN:
                found[STDIN] = stack.enter_context(_standard_input(settings))
            elif (path := _path(name)) and _is_shelf(path):
                several = True
                books = _books_in(path, recursive=recursive)
                found.update({str(book): book for book in _require_books(path, books, recursive=recursive)})
                notes += [f"{path}: {books.left_out}: {_NAME_THEM}"] if books.left_out else []
            else:
                found[str(path)] = path
        yield NamedBooks(found, several, tuple(notes))


@contextmanager
def named_book(name: str, settings: IngestSettings) -> Iterator[Path]:
    """Finds the one book of a command as `named_books` does; a folder of books is refused."""
    if name == STDIN:
        with _standard_input(settings) as path:
            yield path
        return
    path = _path(name)
    if _is_shelf(path):
        raise BadInputError(f"{path} is a folder without an index page (index.html, ...), so it is no book: name one")
    yield path


def look_into(folder: Path) -> FolderBooks:
    """Lists the books in a folder, none where there is none yet. Raises `BadInputError` for what is no library."""
    return _books_in(folder) if _is_shelf(folder) else FolderBooks((folder,))


def _path(name: str) -> Path:
    if not name:
        raise BadInputError("'' names no book: name a file, a folder of books, or - for standard input")
    return Path(name).absolute()


def _is_shelf(path: Path) -> bool:
    """Tells whether a path is a folder that is not a book itself."""
    if not os.path.isdir(path):  # noqa: PTH112  # `Path.is_dir` raises an error for a name that is too long
        return False
    _require_library(path)
    return not holds_index(path)


def _require_library(folder: Path) -> None:
    """Raises `BadInputError` for a folder of anything: one that everybody writes to, the home and what is above it."""
    remedy = "name the book, or a folder of books"
    if folder.stat().st_mode & stat.S_ISVTX:
        raise BadInputError(f"{folder} is where everybody's temporary files lie, which is no library: {remedy}")
    home = os.path.expanduser("~")  # noqa: PTH111  # `Path.expanduser` raises where there is no home
    if Path(home).is_relative_to(folder):
        raise BadInputError(f"{folder} holds your files of all kinds, so it is no library: {remedy}")


def _books_in(folder: Path, *, recursive: bool = False) -> FolderBooks:
    """Lists the books in a folder that is none itself. Raises as `_files` does."""
    books: list[Path] = []
    others: Counter[str] = Counter()
    has_folders = False
    for path in _files(folder, recursive=recursive):
        suffix = path.suffix.lower()
        if path.is_dir():
            has_folders = True
        elif suffix in _BOOKS:
            books.append(path)
        elif suffix in _PERHAPS_BOOKS:
            others[suffix] += 1
    counts = ", ".join(f"{count} {suffix}" for suffix, count in sorted(others.items()))
    return FolderBooks(tuple(books), counts, has_folders)


def _require_books(folder: Path, books: FolderBooks, *, recursive: bool) -> tuple[Path, ...]:
    """Returns the books. Raises `BadInputError` where there is none, with what is left out."""
    if not books.paths:
        hints = [f"{books.left_out}: {_NAME_THEM}"] if books.left_out else []
        hints += ["--recursive looks into its folders"] if books.has_folders and not recursive else []
        remedy = "; ".join(hints) or "name the book file itself"
        raise BadInputError(f"{folder} holds no file that is a book by its name ({BOOK_SUFFIXES}); {remedy}")
    return books.paths


def _files(folder: Path, *, recursive: bool) -> Iterator[Path]:
    """Lists files and folders by name, those that are hidden left out. Raises `BadInputError`."""
    try:
        for path in sorted(folder.iterdir()):
            if path.name.startswith("."):
                continue
            yield path
            if recursive and path.is_dir() and not path.is_symlink():
                yield from _files(path, recursive=True)
    except OSError as error:
        raise BadInputError(f"{folder} cannot be read: {error.strerror}") from error


def _read_list(listed: str) -> list[str]:
    """Reads a file of paths, one a line. Raises `BadInputError`, also where none of them is there: it is no list."""
    name = STANDARD_INPUT if listed == STDIN else listed
    try:
        data = _stdin_bytes() if listed == STDIN else Path(listed).read_bytes()
    except OSError as error:
        raise BadInputError(f"--books {name} cannot be read: {error.strerror}") from error
    if b"\0" in data:
        raise BadInputError(f"--books {name} is no list of paths: it wants a text file with one path a line")
    names = [os.fsdecode(line) for line in data.splitlines() if line.strip()]
    if not any(os.path.exists(one) for one in names):  # noqa: PTH110  # `Path.exists` raises for a name too long
        first = f", the first is {names[0][:_SHOWN_CHARS]!r}" if names else ""
        raise BadInputError(f"--books {name} names no file that is there{first}: it wants one path a line")
    return names


@contextmanager
def _standard_input(settings: IngestSettings) -> Iterator[Path]:
    """Keeps the bytes of standard input in a file for the length of the block. Raises `BadInputError`."""
    data = _stdin_bytes(settings.max_file_bytes + 1)
    if not data.strip():
        raise BadInputError(f"{STANDARD_INPUT} is empty: pipe a book's bytes into the command")
    if len(data) > settings.max_file_bytes:
        raise BadInputError(f"{STANDARD_INPUT} has more bytes than ingest.max_file_bytes allows")
    with tempfile.TemporaryDirectory(prefix="talepress-") as folder:
        path = Path(folder) / f"{STANDARD_INPUT}{suffix_of(data)}"
        with output_errors(folder):
            path.write_bytes(data)
        yield path


def _stdin_bytes(most: int = -1) -> bytes:
    """Reads standard input. Raises `BadInputError` where that is a terminal, and nothing will ever come."""
    if sys.stdin.isatty():
        raise BadInputError(f"{STANDARD_INPUT} is a terminal: pipe a book, or a list of books, into the command")
    return sys.stdin.buffer.read(most)
