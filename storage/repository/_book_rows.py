"""Records of a book as values for bulk inserts, one function per table. No queries here."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from storage.records import Book, Markup, MarkupKind, Script

Values = list[dict[str, Any]]


def book_values(book: Book) -> dict[str, Any]:
    """The book's own columns."""
    return {
        "source_sha256": book.source_sha256,
        "title": book.title,
        "authors": list(book.authors),
        "language": book.language,
        "identifier": book.identifier,
        "publisher": book.publisher,
        "date": book.date,
        "description": book.description,
        "cover": book.cover,
        "cover_media_type": book.cover_media_type,
        "warnings": list(book.warnings),
        "series": book.series,
        "series_position": book.series_position,
        "identifiers": list(book.identifiers),
    }


def chapter_values(book_id: int, book: Book) -> Values:
    """One row per chapter."""
    return [{"book_id": book_id, "index": chapter.index, "title": chapter.title} for chapter in book.chapters]


def block_values(book_id: int, book: Book) -> Values:
    """One row per block."""
    return [
        {
            "book_id": book_id,
            "chapter_index": chapter.index,
            "index": index,
            "kind": block.kind,
            "text": block.text,
            "source": block.source,
            "markup": [asdict(note) for note in block.markup],
        }
        for chapter in book.chapters
        for index, block in enumerate(chapter.blocks)
    ]


def markup_records(values: Values) -> tuple[Markup, ...]:
    """The markup of a block row."""
    return tuple(Markup(v["start"], v["end"], MarkupKind(v["kind"]), v["value"]) for v in values)


def skip_values(book_id: int, book: Book) -> Values:
    """One row per stretch of text that ingestion left out."""
    return [
        {
            "book_id": book_id,
            "position": position,
            "chapter_index": skip.chapter_index,
            "text": skip.text,
            "rule": skip.rule,
            "source": skip.source,
        }
        for position, skip in enumerate(book.skipped)
    ]


def utterance_values(book_id: int, script: Script) -> Values:
    """One row per utterance, without key and choice."""
    return [
        {
            "book_id": book_id,
            "chapter_index": utterance.chapter_index,
            "index": utterance.index,
            "block_index": utterance.block_index,
            "start": utterance.start,
            "end": utterance.end,
            "text": utterance.text,
            "spoken": utterance.spoken,
            "pause": utterance.pause,
            "is_heading": utterance.is_heading,
            "voice": utterance.voice,
            "pause_s": utterance.pause_s,
        }
        for utterance in script.utterances
    ]


def ledger_values(book_id: int, script: Script) -> Values:
    """One row per ledger entry."""
    return [
        {
            "book_id": book_id,
            "position": position,
            "chapter_index": entry.chapter_index,
            "text": entry.text,
            "chars": entry.chars,
            "state": entry.state,
            "rule": entry.rule,
        }
        for position, entry in enumerate(script.ledger)
    ]
