"""A book of a kind that only calibre reads to a `Book`, by way of an EPUB. Must not know either format."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from configs.settings import IngestSettings
from storage.records import Book
from tasks.errors import UnreadableBookError
from tasks.ingest.formats.calibre.convert import converted
from tasks.ingest.formats.epub.book import read_epub
from tasks.ingest.html.binding import sha256_of


def read_converted_book(path: Path, data: bytes, settings: IngestSettings, suffix: str) -> Book:
    """The book in a file of the kind `suffix`, ".mobi". Raises `UnreadableBookError`, also where calibre is missing."""
    with converted(path, suffix) as epub:
        if epub.stat().st_size > settings.max_file_bytes:
            raise UnreadableBookError(f"{path.name} becomes an EPUB larger than ingest.max_file_bytes allows")
        book = read_epub(epub, epub.read_bytes(), settings)
    title = path.stem if book.title in ("", epub.stem, "Unknown") else book.title
    return replace(book, title=title, source_sha256=sha256_of(data))
