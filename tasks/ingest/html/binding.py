"""Makes a `Book` of documents in HTML that no EPUB binds together. Must not know which format they were made from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from configs.settings import IngestSettings
from storage.records import Block, BlockKind, Book, Skip
from tasks.ingest.chapters import Mark, assemble, one_line
from tasks.ingest.events import GuessedSkip
from tasks.ingest.html.documents import Document, read_documents
from tasks.ingest.html.parse import heading_anchors
from tasks.ingest.html.plain_heads import mark_plain_heads
from tasks.ingest.metadata import Metadata, describe
from tasks.ingest.plain.headings import heading_of
from tasks.ingest.skips import SkipRule


@dataclass(frozen=True)
class Extras:
    """What a format adds to its documents: text that it left out, as (text, skip rule); a cover; warnings.

    `guessed` is text that it left out by a guess.
    """

    left_out: Sequence[tuple[str, SkipRule]] = ()
    guessed: Sequence[tuple[str, SkipRule]] = ()
    cover: bytes | None = None
    cover_media_type: str = ""
    warnings: tuple[str, ...] = ()


def book_from_html(
    path: Path,
    source_sha256: str,
    documents: Sequence[Document],
    metadata: Metadata,
    settings: IngestSettings,
    marks: Iterable[Mark] | None = None,
    extras: Extras | None = None,
) -> Book:
    """Makes a book of documents in HTML.

    Args:
        path: of the book file, for its name.
        source_sha256: the identity of the book file.
        documents: in reading order.
        metadata: what the file declares of the book; without a title, its first heading is the title.
        settings: what is read, and how.
        marks: where chapters start; without any, where the headings of the highest repeated level stand.
        extras: what the format adds.
    """
    extras = extras or Extras()
    # 1. Find where chapters start.
    marks = _marks_at_headings(documents) if marks is None else list(marks)
    anchors: dict[int, set[str]] = {}
    for mark in marks:
        anchors.setdefault(mark.unit, set()).add(mark.anchor)
    # 2. Read the documents, and cut their events into chapters.
    units = read_documents(documents, settings, anchors, metadata.language)
    blocks = (event for events in units for event in events if isinstance(event, Block))
    first_heading = next((block.text for block in blocks if block.kind == BlockKind.HEADING), "")
    is_head = heading_of(first_heading) is not None  # of a chapter, not the book's title
    title = metadata.title or ("" if is_head else " ".join(first_heading.split())) or path.stem
    chapters, skips = assemble(
        units, marks, title, metadata.authors, settings.also_read, reads_notes=settings.notes != "skip"
    )
    before = (
        *(Skip(" ".join(text.split()), rule, source=path.name) for text, rule in extras.left_out),
        *(GuessedSkip(" ".join(text.split()), rule, source=path.name) for text, rule in extras.guessed),
    )
    book = Book(
        title=title,
        authors=metadata.authors,
        language=metadata.language,
        source_sha256=source_sha256,
        chapters=chapters,
        skipped=(*before, *skips),
        cover=extras.cover,
        cover_media_type=extras.cover_media_type,
        warnings=extras.warnings,
    )
    return describe(book, metadata)


def _marks_at_headings(documents: Sequence[Document]) -> list[Mark]:
    """Marks a chapter at each heading of the highest level that repeats, plain paragraphs that are heads among them."""
    bodies = [document.body for document in documents]
    mark_plain_heads(bodies)
    return [Mark(one_line(lines), at, id_) for at, id_, lines in heading_anchors(bodies)]


def sha256_of(data: bytes) -> str:
    """Returns the identity of a book file."""
    return hashlib.sha256(data).hexdigest()
