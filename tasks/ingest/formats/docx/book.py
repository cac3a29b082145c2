"""Makes a `Book` of a Word document. Must not know Word's XML."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from configs.settings import IngestSettings
from storage.records import Book
from tasks.ingest.archive import BookArchive
from tasks.ingest.formats.docx.title_page import read_first_page
from tasks.ingest.formats.docx.to_html import read_docx
from tasks.ingest.html.binding import Extras, book_from_html, sha256_of
from tasks.ingest.html.documents import Document
from tasks.ingest.html.parse import lines_of, text_of
from tasks.ingest.metadata import Metadata, split_subjects
from tasks.ingest.skips import SkipRule

_NO_AUTHORS = frozenset(  # programs, and what they write for nobody
    {"", "python-docx", "microsoft office user", "microsoft word", "libreoffice", "openoffice", "apache poi", "pandoc"}
    | {"google docs", "author", "user", "admin", "administrator", "owner", "unknown", "un-named"}
)
_TITLE_PAGE = 16  # paragraphs, empty ones too, in which title and author stand
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
    names = [name.strip() for name in word.properties.get("authors", "").replace(";", ",").split(",")]
    authors = tuple(name for name in names if name.lower() not in _NO_AUTHORS)
    title = shown if declared.lower() in _NO_TITLES else declared
    first = [(p, text) for p in islice(word.body.iter("p"), _TITLE_PAGE) if (text := lines_of(p))]
    texts = [text for _, text in first]
    page = read_first_page(texts)
    metadata = Metadata(
        title=title or page.title,
        authors=authors or ((page.author,) if page.author else ()),
        language=word.properties.get("language", ""),
        description=word.properties.get("description", ""),
        date=word.properties.get("date", ""),
        subjects=split_subjects([word.properties.get("keywords", "").replace(",", ";")]),
    )
    head = 0 if SkipRule.TITLE_PAGE in settings.also_read else page.length
    for paragraph, _ in first[:head]:
        paragraph.clear()
    extras = Extras(left_out=word.left_out, guessed=[(text, SkipRule.TITLE_PAGE) for text in texts[:head]])
    return book_from_html(path, sha256_of(data), [Document(path.name, word.body)], metadata, settings, None, extras)
