"""`read_book`: a book file of any known kind to a `Book`. Must not know how blocks become speech."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from configs.settings import IngestSettings
from storage.records import Book
from tasks.errors import UnreadableBookError
from tasks.ingest.epub_book import read_epub
from tasks.ingest.markdown_book import read_markdown_book
from tasks.ingest.text_book import read_text_book

_MIB = 1024 * 1024

# A reader gets the file's path, its bytes and the settings.
_READERS: dict[str, Callable[[Path, bytes, IngestSettings], Book]] = {
    ".epub": read_epub,
    ".markdown": read_markdown_book,
    ".md": read_markdown_book,
    ".txt": read_text_book,
}


def read_book(path: Path, settings: IngestSettings) -> Book:
    """Reads `.epub`, `.txt` and `.md` files.

    Every character of the book's text is in a block of one chapter or in a skip that names its rule.

    Raises:
        UnreadableBookError: the file is missing, a folder, of another kind, damaged, encrypted, hostile or empty.
        CoverageError: reading lost or doubled text; a fault of ours.
    """
    if not path.exists():
        raise UnreadableBookError(f"there is no file {path}")
    if not path.is_file():
        raise UnreadableBookError(f"{path} is not a file; name the book file itself")
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        known = ", ".join(sorted(_READERS))
        raise UnreadableBookError(f"{path.name} is of a kind that Talepress does not read; it reads {known}")
    try:
        size = path.stat().st_size
        if size > settings.max_file_bytes:
            raise UnreadableBookError(f"{path.name} is {size // _MIB} MiB, more than ingest.max_file_bytes allows")
        data = path.read_bytes()
    except OSError as error:
        raise UnreadableBookError(f"{path} cannot be read: {error.strerror}") from error
    if not data.strip():
        raise UnreadableBookError(f"{path.name} is empty")
    book = reader(path, data, settings)
    if not any(any(c.isalnum() for c in block.text) for chapter in book.chapters for block in chapter.blocks):
        skipped = sorted({skip.rule for skip in book.skipped})
        why = f"all its text is left out by the rules {', '.join(skipped)}" if skipped else "it holds only pictures?"
        raise UnreadableBookError(f"{path.name} has no text to read: {why}")
    return book
