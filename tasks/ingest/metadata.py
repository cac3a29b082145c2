"""`Metadata`: what a file of any format declares of its book. Must not know how a format declares it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace

from storage.records import Book


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


def sort_names(authors: Mapping[str, str]) -> tuple[str, ...]:
    """Returns how each author is sorted, by the name itself where that is unknown; nothing where all are unknown."""
    return tuple(sorted_as or name for name, sorted_as in authors.items()) if any(authors.values()) else ()


def split_subjects(texts: Iterable[str]) -> tuple[str, ...]:
    """Returns the subjects in `texts`, each once: many files put several into one field, with semicolons between."""
    subjects = (subject.strip() for text in texts for subject in text.split(";"))
    return tuple(dict.fromkeys(subject for subject in subjects if subject))
