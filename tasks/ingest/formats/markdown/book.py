"""Makes a `Book` of a Markdown file. Must not know Markdown's syntax."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from configs.settings import IngestSettings
from storage.records import Book
from tasks.ingest.encoding import decode, repair
from tasks.ingest.formats.markdown.to_html import split_front_matter, to_html
from tasks.ingest.formats.text.book import encoding_warnings, require_text
from tasks.ingest.html.binding import Extras, book_from_html, sha256_of
from tasks.ingest.html.documents import Document
from tasks.ingest.html.parse import parse
from tasks.ingest.metadata import Metadata, split_subjects
from tasks.ingest.skips import SkipRule


def read_markdown_book(path: Path, data: bytes, settings: IngestSettings) -> Book:
    """Reads the book in a Markdown file. Raises `UnreadableBookError` for a file that is no text."""
    text, encoding = decode(data)
    require_text(text, path.name)
    text, repairs = repair(text, path.name)
    fields, front_matter, text, problem = split_front_matter(text)
    body, _ = parse(to_html(text), path.name)
    warnings = encoding_warnings(path.name, encoding) + repairs + ((f"{path.name}: {problem}",) if problem else ())
    left_out = [(front_matter, SkipRule.FRONT_MATTER)] if front_matter.strip() else []
    extras = Extras(left_out=left_out, warnings=warnings)
    return book_from_html(path, sha256_of(data), [Document(path.name, body)], _metadata(fields), settings, None, extras)


def _metadata(fields: Mapping[str, object]) -> Metadata:
    """Reads the fields of a front matter under the names that pandoc, Jekyll and their like give them."""

    def first(*names: str) -> str:
        return next((words[0] for name in names if (words := _words(fields.get(name)))), "")

    authors = next((_words(fields[name]) for name in ("author", "authors", "creator", "by") if fields.get(name)), ())
    if len(authors) == 1:
        authors = tuple(name.strip() for name in authors[0].split(",") if name.strip())
    return Metadata(
        title=first("title"),
        authors=authors,
        language=first("lang", "language"),
        identifier=first("identifier", "isbn", "id"),
        publisher=first("publisher"),
        date=first("date", "published", "year"),
        description=first("description", "abstract", "summary"),
        series=first("series", "belongs-to-collection"),
        series_position=first("series_index", "group-position"),
        subtitle=first("subtitle"),
        subjects=split_subjects(
            word for name in ("subject", "subjects", "keywords", "tags") for word in _words(fields.get(name))
        ),
        rights=first("rights", "copyright", "license"),
    )


def _words(value: object) -> tuple[str, ...]:
    """Returns a field's texts: it may be a text, a list, or a mapping with a `name` or `text`."""
    if isinstance(value, list):
        return tuple(word for item in value for word in _words(item))
    if isinstance(value, Mapping):
        return _words(value.get("name") or value.get("text") or value.get("title"))
    text = "" if value is None else " ".join(str(value).split())
    return (text,) if text else ()
