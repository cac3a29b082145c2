"""Makes a `Book` of a Word document. Must not know Word's XML."""

from __future__ import annotations

from pathlib import Path

from configs.settings import IngestSettings
from storage.records import Book
from tasks.ingest.archive import BookArchive
from tasks.ingest.formats.docx.to_html import read_docx
from tasks.ingest.html.binding import Extras, book_from_html, sha256_of
from tasks.ingest.html.documents import Document
from tasks.ingest.html.parse import text_of
from tasks.ingest.metadata import Metadata, split_subjects

_NO_AUTHORS = frozenset(  # programs, and what they write for nobody
    {"", "python-docx", "microsoft office user", "microsoft word", "libreoffice", "openoffice", "apache poi", "pandoc"}
    | {"google docs", "author", "user", "admin", "administrator", "owner", "unknown", "un-named"}
)
_NO_TITLES = frozenset({"", "word document", "document", "untitled"})  # that programs write


def is_docx(members: frozenset[str]) -> bool:
    """Tells whether a zip archive is a Word document, by its members' names in lower case."""
    return "[content_types].xml" in members and any(name.startswith("word/") for name in members)


def read_docx_book(path: Path, data: bytes, settings: IngestSettings) -> Book:
    """Reads the book in a Word document. Raises `UnreadableBookError` for what is none, damaged or hostile."""
    with BookArchive(path, settings) as archive:
        word = read_docx(archive)
    declared = word.properties.get("title", "")
    shown = next((text_of(p) for p in word.body.iter("p") if p.get("class") == "title"), "")
    authors = [name.strip() for name in word.properties.get("authors", "").replace(";", ",").split(",")]
    metadata = Metadata(
        title=shown if declared.lower() in _NO_TITLES else declared,
        authors=tuple(author for author in authors if author.lower() not in _NO_AUTHORS),
        language=word.properties.get("language", ""),
        description=word.properties.get("description", ""),
        date=word.properties.get("date", ""),
        subjects=split_subjects([word.properties.get("keywords", "").replace(",", ";")]),
    )
    extras = Extras(left_out=word.left_out)
    return book_from_html(path, sha256_of(data), [Document(path.name, word.body)], metadata, settings, None, extras)
