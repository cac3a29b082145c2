"""`read_book` makes a `Book` of a book file of any known format. Must not know how blocks become speech."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from configs.settings import IngestSettings
from storage.records import Book
from tasks.errors import UnreadableBookError
from tasks.ingest.formats.html.book import read_html_folder
from tasks.ingest.formats.kinds import format_of
from tasks.ingest.guesses import warn_of_guesses
from tasks.ingest.skips import require_known

_MIB = 1024 * 1024


def read_book(path: Path, settings: IngestSettings, *, traced: bool = False) -> Book:
    """Reads a book file of any format in `formats.table.FORMATS`, or a folder of HTML files.

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
    if path.is_dir() and not traced:
        return _finish(path, read_html_folder(path, settings))
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
    """Returns the book with warnings of guesses. Raises `UnreadableBookError` where it holds nothing to read."""
    if any(any(c.isalnum() for c in block.text) for chapter in book.chapters for block in chapter.blocks):
        return warn_of_guesses(book)
    if not book.skipped:
        raise UnreadableBookError(
            f"{path.name} has no text to read: if its pages are pictures, recognise their text first (OCR)"
        )
    rules = ", ".join(sorted({skip.rule for skip in book.skipped}))
    raise UnreadableBookError(
        f"{path.name} has no text to read: all of it is left out by the skip rules {rules}; "
        "name those to switch off in ingest.also_read"
    )
