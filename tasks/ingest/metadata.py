"""`Metadata`: what a file of any format declares of its book. Must not know how a format declares it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from storage.records import Book

# All but line ends and tabs, which readers have made spaces of where they do not belong. With them: embeddings,
# overrides and isolates of direction, byte-order marks, annotations between lines, tags.
_CONTROLS = re.compile(
    "[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]+"
)


@dataclass(frozen=True)
class Metadata:
    """What a file declares of its book. Texts have their whitespace collapsed; "" is unknown."""

    title: str = ""
    authors: tuple[str, ...] = ()
    language: str = ""
    identifier: str = ""
    identifiers: tuple[str, ...] = ()
    publisher: str = ""
    date: str = ""
    description: str = ""
    series: str = ""
    series_position: str = ""
    subtitle: str = ""
    sort_title: str = ""
    sort_authors: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    rights: str = ""


def describe(book: Book, metadata: Metadata) -> Book:
    """Returns the book with all that its file declares of it. Its title stays: a file without one has another."""
    values = {field.name: getattr(metadata, field.name) for field in fields(Metadata) if field.name != "title"}
    return replace(book, **values)


def with_plain_names(book: Book) -> Book:
    """Returns the book without control characters in what it is called: title, authors, chapters' titles and the like.

    They have no place in tags, file formats and databases, and those of them that turn the direction of writing make
    one name look like another. What spells names stays: joiners, and marks of direction that turn nothing around.
    """
    values: dict[str, Any] = {}
    for field in fields(Book):
        value = getattr(book, field.name)
        if isinstance(value, str):
            values[field.name] = _plain(value)
        elif isinstance(value, tuple) and all(isinstance(text, str) for text in value):
            values[field.name] = tuple(map(_plain, value))
    values["chapters"] = tuple(replace(chapter, title=_plain(chapter.title)) for chapter in book.chapters)
    return replace(book, **values)


def _plain(text: str) -> str:
    return _CONTROLS.sub("", text)


def sort_names(authors: Mapping[str, str]) -> tuple[str, ...]:
    """Returns how each author is sorted, by the name itself where that is unknown; nothing where all are unknown."""
    return tuple(sorted_as or name for name, sorted_as in authors.items()) if any(authors.values()) else ()


def split_subjects(texts: Iterable[str]) -> tuple[str, ...]:
    """Returns the subjects in `texts`, each once: many files put several into one field, with semicolons between."""
    subjects = (subject.strip() for text in texts for subject in text.split(";"))
    return tuple(dict.fromkeys(subject for subject in subjects if subject))
