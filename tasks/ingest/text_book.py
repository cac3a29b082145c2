"""A plain text file to a `Book`. Must not know how paragraphs and headings are told apart."""

from __future__ import annotations

import hashlib
from pathlib import Path

from configs.settings import IngestSettings
from storage.records import Book
from tasks.ingest.chapters import assemble
from tasks.ingest.encoding import decode
from tasks.ingest.text import read_header, read_text


def read_text_book(path: Path, data: bytes, settings: IngestSettings) -> Book:
    """The book in a plain text file of any encoding."""
    text, encoding = decode(data)
    header = read_header(text)
    title = header.get("title", path.stem)
    authors = (header["author"],) if "author" in header else ()
    events, marks = read_text(text, path.name)
    chapters, skips = assemble([events], marks, title, authors, settings.also_read)
    return Book(
        title=title,
        authors=authors,
        language="en" if header.get("language", "").lower() == "english" else "",
        source_sha256=hashlib.sha256(data).hexdigest(),
        chapters=chapters,
        skipped=skips,
        publisher=header.get("publisher", ""),
        date=header.get("release date", ""),
        warnings=() if encoding in ("utf-8", "ascii") else (f"{path.name} is not UTF-8 and was read as {encoding}",),
    )
