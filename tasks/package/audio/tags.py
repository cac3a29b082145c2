"""What players and libraries show of an audiobook: iTunes atoms, written with mutagen.

ffmpeg's own muxer keeps only some of these keys, so tags are added to the finished file. Freeform atoms are named as
audiobook libraries look for them. This module must not know how the audio was made.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mutagen import MutagenError
from mutagen.mp4 import MP4, MP4Cover, MP4FreeForm

from storage.records import Book
from tasks.errors import TalepressError

AUDIOBOOK_KIND = 2  # the `stik` media kind
_IMAGES = {b"\xff\xd8\xff": MP4Cover.FORMAT_JPEG, b"\x89PNG\r\n\x1a\n": MP4Cover.FORMAT_PNG}

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
    cover: bytes | None = None


def tags_of(book: Book, narrator: str) -> Tags:
    """The tags that a book's own metadata give. A cover that is neither JPEG nor PNG is left out, with a warning."""
    if book.cover is not None and _image_format(book.cover) is None:
        logger.warning("%s: the cover is neither JPEG nor PNG and is left out", book.title)
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
        cover=book.cover if book.cover is not None and _image_format(book.cover) is not None else None,
    )


def _isbn(identifiers: Iterable[str]) -> str:
    """The first that says it is an ISBN, without hyphens; "" if none does."""
    for identifier in identifiers:
        if "isbn" in identifier.lower() and (found := _ISBN.search(identifier.replace("-", ""))):
            return found[1].upper()
    return ""


def write_tags(path: Path, tags: Tags) -> None:
    """Adds the atoms to a finished MP4 file, in place. Raises `OSError` (disk full) or `TalepressError`."""
    try:
        _write(MP4(path), tags)
    except MutagenError as error:
        if isinstance(error.__cause__, OSError):  # mutagen wraps them, and a full disk must be told as one
            raise error.__cause__ from error
        raise TalepressError(f"{path}: cannot be tagged ({error}); run the same command again") from error


def _write(file: MP4, tags: Tags) -> None:
    texts = {
        "\xa9nam": tags.title,
        "\xa9alb": tags.title,
        "\xa9ART": tags.author,
        "aART": tags.author,
        "\xa9wrt": tags.narrator,  # audiobook libraries read the composer as the narrator
        "\xa9day": tags.date,
        "\xa9gen": "Audiobook",
        "desc": tags.description[:255],  # the short form; readers cut it here
        "ldes": tags.description,
        "\xa9too": "Talepress",
    }
    freeform = {
        "NARRATOR": tags.narrator,
        "PUBLISHER": tags.publisher,
        "LANGUAGE": tags.language,
        "ISBN": tags.isbn,
        "SERIES": tags.series,
        "SERIES-PART": tags.series_part,
    }
    for atom, text in texts.items():
        if text:
            file[atom] = [text]
    for name, text in freeform.items():
        if text:
            file[f"----:com.apple.iTunes:{name}"] = [MP4FreeForm(text.encode("utf-8"))]
    file["stik"] = [AUDIOBOOK_KIND]
    if tags.cover is not None:
        file["covr"] = [MP4Cover(tags.cover, imageformat=_image_format(tags.cover))]
    file.save()


def _image_format(image: bytes) -> int | None:
    """mutagen's name of the image format, by the first bytes: declared media types are often wrong."""
    return next((form for magic, form in _IMAGES.items() if image.startswith(magic)), None)
