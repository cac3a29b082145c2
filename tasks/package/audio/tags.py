"""What players and libraries show of an audiobook. It must not know how a container holds tags: the outputs do."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mutagen import MutagenError

from storage.records import Book
from tasks.errors import TalepressError
from tasks.package.audio.covers import image_type

_ISBN = re.compile(r"(?<!\d)(97[89]\d{10}|\d{9}[\dXx])(?![\dXx])")
_ASIN = re.compile(r"[0-9A-Z]{10}")
_YEAR = re.compile(r"(?<!\d)[12]\d{3}(?=(\d{4})?(?!\d))")  # also of "19980701"

GENRE = "Audiobook"

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Tags:
    """The tags of an audiobook; empty texts are left out of the file."""

    title: str
    author: str
    narrator: str
    narration: str = ""  # what kind of voice reads
    year: str = ""
    description: str = ""
    publisher: str = ""
    language: str = ""
    isbn: str = ""
    asin: str = ""
    identifiers: tuple[str, ...] = ()  # all of them, as the book gives them
    series: str = ""
    series_part: str = ""
    subtitle: str = ""
    sort_title: str = ""
    sort_author: str = ""
    genres: tuple[str, ...] = ()
    rights: str = ""
    cover: bytes | None = None  # JPEG or PNG


def tags_of(book: Book, narrator: str, narration: str, disclosure: str) -> Tags:
    """Makes tags of a book's own metadata. A cover that is neither JPEG nor PNG is left out, with a warning.

    Args:
        book: what the audiobook was made from.
        narrator: who reads, as it is shown to people.
        narration: what kind of voice reads: "AI voice".
        disclosure: a sentence that says so. The description begins with it: shops ask for that, and listeners have a
            right to know.
    """
    identifiers = tuple(dict.fromkeys(filter(None, (book.identifier, *book.identifiers))))
    cover = book.cover
    if cover is not None and not image_type(cover):
        logger.warning("%s: the cover is neither JPEG nor PNG and is left out", book.title)
        cover = None
    return Tags(
        title=" ".join(book.title.split()) or "Untitled",
        author=", ".join(book.authors),
        narrator=narrator,
        narration=narration,
        year=_year(book.date),
        description=f"{disclosure} {book.description}".strip(),
        publisher=book.publisher,
        language=book.language,
        isbn=next((isbn for isbn in map(_isbn, identifiers) if isbn), ""),
        asin=next((asin for asin in map(_asin, identifiers) if asin), ""),
        identifiers=identifiers,
        series=book.series,
        series_part=book.series_position,
        subtitle=book.subtitle,
        sort_title=book.sort_title,
        sort_author="; ".join(book.sort_authors),
        genres=(GENRE, *(subject for subject in book.subjects if subject.lower() != GENRE.lower())),
        rights=book.rights,
        cover=cover,
    )


@contextmanager
def tagging_errors(path: Path) -> Iterator[None]:
    """Turns mutagen's error about a file into the `OSError` behind it (disk full), or into `TalepressError`."""
    try:
        yield
    except MutagenError as error:
        if isinstance(error.__cause__, OSError):  # mutagen wraps them, and a full disk must be reported as such
            raise error.__cause__ from error
        raise TalepressError(f"{path}: cannot be tagged ({error}); run the same command again") from error


def _year(date: str) -> str:
    """Returns the year of a date in whatever form: "1998-07-01T00:00:00Z", "July 1, 1998"; "" where there is none."""
    found = _YEAR.search(date)
    return found[0] if found else ""


def _isbn(identifier: str) -> str:
    """Returns an ISBN without its hyphens: an identifier that says that it is one, or is nothing else than one."""
    plain = identifier.replace("-", "")
    found = _ISBN.search(plain)
    if found and ("isbn" in identifier.lower() or (found[0] == plain and _is_ean(plain))):
        return found[0].upper()
    return ""


def _is_ean(digits: str) -> bool:
    """Tells whether the check digit of a 13-digit number is right (ISO 2108, annex C)."""
    return len(digits) == 13 and sum(int(d) * (1 + 2 * (n % 2)) for n, d in enumerate(digits)) % 10 == 0


def _asin(identifier: str) -> str:
    """Returns the number of an identifier whose scheme is Amazon's, as calibre and others write it; "" for others."""
    scheme, _, number = identifier.rpartition(":")
    known = scheme.lower().removeprefix("urn:") in ("asin", "mobi-asin", "amazon")
    return number.upper() if known and _ASIN.fullmatch(number.upper()) else ""
