"""What players and libraries show of an audiobook. It must not know how a container holds tags: the outputs do."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mutagen import MutagenError

from storage.records import Book
from tasks.errors import TalepressError

JPEG = "image/jpeg"
PNG = "image/png"
_FIRST_BYTES = {b"\xff\xd8\xff": JPEG, b"\x89PNG\r\n\x1a\n": PNG}

_ISBN = re.compile(r"(?<!\d)(97[89]\d{10}|\d{9}[\dXx])(?![\dXx])")

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Tags:
    """The tags of an audiobook; empty texts are left out of the file."""

    title: str
    author: str
    narrator: str
    date: str = ""
    description: str = ""
    publisher: str = ""
    language: str = ""
    isbn: str = ""
    series: str = ""
    series_part: str = ""
    cover: bytes | None = None  # JPEG or PNG


def tags_of(book: Book, narrator: str) -> Tags:
    """Makes tags of a book's own metadata. A cover that is neither JPEG nor PNG is left out, with a warning."""
    cover = book.cover
    if cover is not None and not image_type(cover):
        logger.warning("%s: the cover is neither JPEG nor PNG and is left out", book.title)
        cover = None
    return Tags(
        title=" ".join(book.title.split()) or "Untitled",
        author=", ".join(book.authors),
        narrator=narrator,
        date=book.date,
        description=book.description,
        publisher=book.publisher,
        language=book.language,
        isbn=_isbn([book.identifier, *book.identifiers]),
        series=book.series,
        series_part=book.series_position,
        cover=cover,
    )


def image_type(image: bytes) -> str:
    """Tells the media type of a JPEG or PNG image by its first bytes, as declared types are often wrong. "": others."""
    return next((media_type for first, media_type in _FIRST_BYTES.items() if image.startswith(first)), "")


@contextmanager
def tagging_errors(path: Path) -> Iterator[None]:
    """Turns mutagen's error about a file into the `OSError` behind it (disk full), or into `TalepressError`."""
    try:
        yield
    except MutagenError as error:
        if isinstance(error.__cause__, OSError):  # mutagen wraps them, and a full disk must be reported as such
            raise error.__cause__ from error
        raise TalepressError(f"{path}: cannot be tagged ({error}); run the same command again") from error


def _isbn(identifiers: Iterable[str]) -> str:
    """Returns the first identifier that says it is an ISBN, without hyphens; "" if none does."""
    for identifier in identifiers:
        if "isbn" in identifier.lower() and (found := _ISBN.search(identifier.replace("-", ""))):
            return found[1].upper()
    return ""
