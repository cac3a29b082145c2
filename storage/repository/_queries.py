"""Pieces of SQL that several repositories use: a book's id, limits to chapters, chunks of keys, inserts.

This module must not know what a row means: records are made of rows in `storage.mapping`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Table, insert, select, true
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from storage.errors import NotFoundError
from storage.schema import Base, BookRow

_CHUNK = 1000  # values in one IN list: well below every database's limit on parameters


def book_id(session: Session, source_sha256: str) -> int:
    """Looks up the row id of a book. Raises `NotFoundError`."""
    found = session.scalar(select(BookRow.id).where(BookRow.source_sha256 == source_sha256))
    if found is None:
        raise NotFoundError(
            f"there is no book with source sha256 {source_sha256} in the database: make an audiobook of it first"
        )
    return found


def in_chapters(column: Any, chapters: Collection[int] | None) -> ColumnElement[bool]:
    """Returns the condition that limits a query to the given chapter indexes; None means all chapters."""
    return true() if chapters is None else column.in_(tuple(chapters))


def chunks(values: Iterable[str]) -> Iterator[list[str]]:
    """Cuts values into lists that fit into one statement."""
    iterator = iter(values)
    while chunk := list(islice(iterator, _CHUNK)):
        yield chunk


def insert_rows(session: Session, row_type: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Inserts rows, given as values by column. Raises `DatabaseError` when one is present."""
    if rows:  # SQLAlchemy takes an empty list for one row of defaults
        session.execute(insert(row_type), rows)


def insert_unless_present(
    session: Session, row_type: type[Base], rows: Sequence[Mapping[str, Any]], replaced: str = ""
) -> None:
    """Inserts rows whose primary key is new and leaves present ones as they are.

    `replaced` may name a column of truth values: a present row in which it is true is replaced.
    """
    if not rows:
        return
    table = row_type.__table__
    assert isinstance(table, Table)
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table)
    key = list(table.primary_key)
    if replaced:
        values = {name: statement.excluded[name] for name in rows[0]}
        statement = statement.on_conflict_do_update(index_elements=key, set_=values, where=table.c[replaced])
    else:
        statement = statement.on_conflict_do_nothing(index_elements=key)
    session.execute(statement, rows)
