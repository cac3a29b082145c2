"""Makes a `Book` of a plain text file. Must not know how paragraphs and headings are recognised."""

from __future__ import annotations

import hashlib
from pathlib import Path

from configs.settings import IngestSettings
from storage.records import Book
from tasks.errors import UnreadableBookError
from tasks.ingest.chapters import assemble
from tasks.ingest.encoding import decode, repair
from tasks.ingest.formats.text.blocks import read_text
from tasks.ingest.formats.text.gutenberg import read_header

_LANGUAGES = {"english": "en", "french": "fr", "german": "de", "spanish": "es", "italian": "it", "dutch": "nl"}
_CONTROLS = frozenset(map(chr, (*range(9), *range(14, 28))))
_FEW = 4  # such characters never make a file a program's
_MAX_CONTROL_SHARE = 0.01
_MAX_LOST_SHARE = 0.1  # of U+FFFD: a text with so many cannot be read


def read_text_book(path: Path, data: bytes, settings: IngestSettings) -> Book:
    """Reads the book in a plain text file of any encoding. Raises `UnreadableBookError` for a file that is no text."""
    text, encoding = decode(data)
    require_text(text, path.name)
    text, repairs = repair(text, path.name)
    header = read_header(text)
    title = header.get("title", path.stem)
    authors = tuple(name for name in (header.get("author", ""),) if name)
    events, marks = read_text(text, path.name, header.get("title", ""), authors, settings.also_read)
    chapters, skips = assemble([events], marks, title, authors, settings.also_read)
    return Book(
        title=title,
        authors=authors,
        language=_LANGUAGES.get(header.get("language", "").lower(), ""),
        source_sha256=hashlib.sha256(data).hexdigest(),
        chapters=chapters,
        skipped=skips,
        publisher=header.get("publisher", ""),
        date=header.get("release date", ""),
        warnings=encoding_warnings(path.name, encoding) + repairs,
    )


def require_text(text: str, name: str) -> None:
    """Raises `UnreadableBookError` where the characters are those of a program, a picture or the like."""
    controls = sum(map(text.count, _CONTROLS))
    lost = text.count("\ufffd")
    if controls > max(_FEW, _MAX_CONTROL_SHARE * len(text)) or lost > max(_FEW, _MAX_LOST_SHARE * len(text)):
        raise UnreadableBookError(
            f"{name} is not a text file: it holds control characters, as a program's own format does; "
            "save it as text, or give it the suffix of its format"
        )


def encoding_warnings(name: str, encoding: str) -> tuple[str, ...]:
    """Returns a warning of an encoding that had to be guessed, none of a UTF."""
    if encoding in ("utf-8", "utf-16", "utf-32"):
        return ()
    return (f"{name} is not UTF-8 and was read as {encoding}",)
