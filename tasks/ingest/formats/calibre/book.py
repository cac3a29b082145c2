"""Makes a `Book` of a file that only calibre reads, by way of an EPUB. Must not know the content of either."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from configs.settings import IngestSettings
from storage.records import Book
from tasks.errors import UnreadableBookError
from tasks.ingest.formats.calibre.convert import converted
from tasks.ingest.formats.epub.book import read_epub
from tasks.ingest.html.binding import sha256_of

_PALM_TYPE = slice(60, 68)  # of a Palm database's header
_OPENDOCUMENT_MEMBERS = frozenset({"content.xml", "styles.xml"})


def is_kindle(head: bytes) -> bool:
    """Tells whether a file is a Kindle or Mobipocket book, by its first bytes."""
    return head[_PALM_TYPE] in (b"BOOKMOBI", b"TEXtREAd")


def is_rtf(head: bytes) -> bool:
    """Tells whether a file is in Rich Text Format, by its first bytes."""
    return head.startswith(b"{\\rtf")


def is_lit(head: bytes) -> bool:
    """Tells whether a file is a Microsoft Reader book, by its first bytes."""
    return head.startswith(b"ITOLITLS")


def is_opendocument(members: frozenset[str]) -> bool:
    """Tells whether a zip archive is an OpenDocument text, by its members' names in lower case."""
    return members >= _OPENDOCUMENT_MEMBERS


def read_converted_book(path: Path, data: bytes, settings: IngestSettings, suffix: str) -> Book:
    """Reads a book file whose format has the suffix `suffix`, ".mobi".

    Raises `UnreadableBookError` for what calibre cannot convert, and where calibre is missing.
    """
    with converted(path, suffix) as epub:
        if epub.stat().st_size > settings.max_file_bytes:
            raise UnreadableBookError(f"{path.name} becomes an EPUB larger than ingest.max_file_bytes allows")
        book = read_epub(epub, epub.read_bytes(), settings)
    title = path.stem if book.title in ("", epub.stem, "Unknown") else book.title
    return replace(book, title=title, source_sha256=sha256_of(data))
