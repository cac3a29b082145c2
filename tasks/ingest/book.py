"""Makes a `Book` of a book file of any known format, and says what it is known by.

Must not know how blocks become speech.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from configs.settings import IngestSettings
from storage.records import Book
from tasks.errors import UnreadableBookError
from tasks.ingest.formats.html.book import folder_of_index, read_html_folder
from tasks.ingest.formats.html.folder import digest_of, read_files
from tasks.ingest.formats.kinds import format_of
from tasks.ingest.guesses import warn_of_guesses
from tasks.ingest.metadata import with_plain_names
from tasks.ingest.skips import require_known

_MIB = 1024 * 1024


def read_book(path: Path, settings: IngestSettings, *, traced: bool = False) -> Book:
    """Reads a book file of any format in `formats.table.FORMATS`, or a folder of HTML files, by its index page too.

    Every character of the book's text is in a block of one chapter or in a skip that names its rule. With `traced` the
    blocks say where each of their characters stands in the file (`TracedBlock`); only some formats can.

    Raises:
        UnreadableBookError: the file is missing, of another format, damaged, encrypted, hostile or empty, or `traced`
            is asked of a format that cannot be.
        BadInputError: `settings.also_read` names a skip rule that does not exist.
        CoverageError: reading lost or doubled text; a fault of ours.
    """
    require_known(settings.also_read)
    if not path.exists():
        raise UnreadableBookError(f"there is no file {path}")
    folder = _html_folder(path, settings)
    if folder and traced:
        raise UnreadableBookError(f"{path.name} is HTML: only an EPUB can become a read-along")
    if folder:
        return _finish(folder, read_html_folder(folder, settings))
    data = _read_bytes(path, settings)
    format_, warning = format_of(path, data)
    read = format_.read_traced if traced else format_.read
    if read is None:
        raise UnreadableBookError(f"{path.name} is {format_.name}: only an EPUB can become a read-along")
    book = read(path, data, settings)
    return _finish(path, replace(book, warnings=(warning, *book.warnings)) if warning else book)


def can_be_traced(path: Path, data: bytes) -> bool:
    """Tells whether a file is of a format that `read_book` reads `traced`. Raises `UnreadableBookError` for no book."""
    return format_of(path, data)[0].read_traced is not None


def identity_of(path: Path, settings: IngestSettings) -> str:
    """Computes what a book is known by, as `read_book` gives it (`source_sha256`), without reading what is in it.

    Raises `UnreadableBookError` as `read_book`.
    """
    if not path.exists():
        raise UnreadableBookError(f"there is no file {path}")
    if folder := _html_folder(path, settings):
        return digest_of(read_files(folder, settings))
    return hashlib.sha256(_read_bytes(path, settings)).hexdigest()


def _html_folder(path: Path, settings: IngestSettings) -> Path | None:
    """Returns the folder that is meant by a path, be it that of its index page; None for a file that is a book."""
    return path if path.is_dir() else folder_of_index(path, settings)


def _read_bytes(path: Path, settings: IngestSettings) -> bytes:
    """Reads a file. Raises `UnreadableBookError` for one that is no file, too large, unreadable or empty."""
    if not path.is_file():
        raise UnreadableBookError(f"{path} is not a file; name the book file itself")
    try:
        size = path.stat().st_size
        if size > settings.max_file_bytes:
            raise UnreadableBookError(f"{path.name} is {size // _MIB} MiB, more than ingest.max_file_bytes allows")
        data = path.read_bytes()
    except OSError as error:
        raise UnreadableBookError(f"{path} cannot be read: {error.strerror}") from error
    if not data.strip():
        raise UnreadableBookError(f"{path.name} is empty")
    return data


def _finish(path: Path, book: Book) -> Book:
    """Returns the book with plain names and warnings of guesses.

    Raises `UnreadableBookError` where it holds nothing to read.
    """
    if any(any(c.isalnum() for c in block.text) for chapter in book.chapters for block in chapter.blocks):
        return warn_of_guesses(with_plain_names(book))
    if not book.skipped:
        raise UnreadableBookError(
            f"{path.name} has no text to read: if its pages are pictures, recognise their text first (OCR)"
        )
    rules = ", ".join(sorted({skip.rule for skip in book.skipped}))
    raise UnreadableBookError(
        f"{path.name} has no text to read: all of it is left out by the skip rules {rules}; "
        "name those to switch off in ingest.also_read"
    )
