"""Makes a `Book` of a FictionBook file. Must not know FB2's XML."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from configs.settings import IngestSettings
from storage.records import Book
from tasks.ingest.archive import BookArchive
from tasks.ingest.chapters import Mark
from tasks.ingest.formats.fb2.to_html import read_fb2
from tasks.ingest.html.binding import Extras, book_from_html, sha256_of
from tasks.ingest.html.documents import Document

_SUFFIX = ".fb2"
_ROOT = re.compile(rb"<FictionBook[\s>]")


def is_fb2(head: bytes) -> bool:
    """Tells whether a file is an FB2 book, by its first bytes."""
    return _ROOT.search(head) is not None


def is_fb2_zip(members: frozenset[str]) -> bool:
    """Tells whether a zip archive holds one FB2 book, by its members' names in lower case."""
    return sum(name.endswith(_SUFFIX) for name in members) == 1


def read_fb2_book(path: Path, data: bytes, settings: IngestSettings) -> Book:
    """Reads the book in an FB2 file. Raises `UnreadableBookError` for damaged XML."""
    book = read_fb2(data, path.name)
    marks = [Mark(title, 0, anchor, depth) for title, anchor, depth in book.chapters] or None
    extras = Extras(cover=book.cover, cover_media_type=book.cover_media_type)
    documents = [Document(path.name, book.body)]
    return book_from_html(path, sha256_of(data), documents, book.metadata, settings, marks, extras)


def read_fb2_zip(path: Path, data: bytes, settings: IngestSettings) -> Book:
    """Reads the book in a zip archive with one FB2 file in it. Raises as `read_fb2_book`, and for a hostile archive."""
    with BookArchive(path, settings) as archive:
        name = next(name for name in archive.zip.namelist() if name.lower().endswith(_SUFFIX))
        book = read_fb2_book(path, archive.read(name), settings)
    return replace(book, source_sha256=sha256_of(data))
