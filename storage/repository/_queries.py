"""What several repositories need: finding a book's id, limiting to chapters, insert-unless-present, row to record."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Table, select, true
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from storage.errors import NotFoundError
from storage.records import Take, Utterance
from storage.schema import Base, BookRow, TakeRow, UtteranceRow

_CHUNK = 1000  # values in one IN list: well below every database's limit on parameters


def book_id(session: Session, source_sha256: str) -> int:
    """The row id of a book. Raises `NotFoundError`."""
    found = session.scalar(select(BookRow.id).where(BookRow.source_sha256 == source_sha256))
    if found is None:
        raise NotFoundError(f"there is no book with source sha256 {source_sha256} in the database")
    return found


def in_chapters(column: Any, chapters: Collection[int] | None) -> ColumnElement[bool]:
    """A condition that limits to the given chapter indexes; None means all chapters."""
    return true() if chapters is None else column.in_(tuple(chapters))


def chunks(values: Iterable[str]) -> Iterator[list[str]]:
    """Cuts values into lists that fit into one statement."""
    iterator = iter(values)
    while chunk := list(islice(iterator, _CHUNK)):
        yield chunk


def insert_unless_present(session: Session, row: type[Base], values: list[Mapping[str, Any]]) -> None:
    """Inserts rows whose primary key is new and leaves present ones as they are."""
    if not values:
        return
    table = row.__table__
    assert isinstance(table, Table)
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    session.execute(dialect.insert(table).on_conflict_do_nothing(index_elements=list(table.primary_key)), values)


def utterance_record(row: UtteranceRow) -> Utterance:
    """The record of an utterance row."""
    return Utterance(
        chapter_index=row.chapter_index,
        index=row.index,
        block_index=row.block_index,
        start=row.start,
        end=row.end,
        text=row.text,
        spoken=row.spoken,
        pause=row.pause,
        is_heading=row.is_heading,
        voice=row.voice,
        pause_s=row.pause_s,
    )


def take_record(row: TakeRow) -> Take:
    """The record of a take row."""
    return Take(
        key=row.key,
        utterance_key=row.utterance_key,
        attempt=row.attempt,
        seed=row.seed,
        audio_sha256=row.audio_sha256,
        sample_rate=row.sample_rate,
        samples=row.samples,
        verdict=row.verdict,
        reasons=tuple(row.reasons),
        scores=row.scores,
    )
