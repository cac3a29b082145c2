"""Copies a whole database into an empty one, of either kind: from SQLite to PostgreSQL when a library grows, and back.

All tables go in one transaction, which is kept only when counts and digests of what arrived are those of what was
there. This module must not know what any table means.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Row, Table, func, insert, select, text

from storage.database import Database
from storage.engines import shown
from storage.errors import DatabaseError, DuplicateError
from storage.schema import Base

_ROWS_AT_ONCE = 500


def copy_database(source: Database, target: Database) -> dict[str, int]:
    """Copies all rows of `source` into `target`, which has the same schema and no rows.

    Returns the number of rows of each table. Raises `DuplicateError` where the target holds rows, `DatabaseError` where
    what arrived is not what was sent: then nothing is kept. `source` is read as it is at one moment, and never changed.
    """
    counts = {}
    reading = source.engine.execution_options(reads_only=True)
    with reading.connect() as sender, target.engine.begin() as receiver:
        _require_empty(receiver, target)
        for table in Base.metadata.sorted_tables:  # parents before their children
            for rows in _rows(sender, table):
                receiver.execute(insert(table), [dict(row._mapping) for row in rows])
            counts[table.name] = _compare(table, sender, receiver, target)
            _continue_counting(receiver, table)
    return counts


def _require_empty(receiver: Connection, target: Database) -> None:
    """Raises `DuplicateError` unless all tables are empty."""
    for table in Base.metadata.sorted_tables:
        count = receiver.execute(select(func.count()).select_from(table)).scalar_one()
        if count:
            raise DuplicateError(
                f"{shown(target.engine.url)}: holds {count} rows of {table.name} already; nothing was copied: "
                "name an empty database"
            )


def _compare(table: Table, sender: Connection, receiver: Connection, target: Database) -> int:
    """Reads a table on both sides; returns the number of its rows. Raises `DatabaseError` for a difference."""
    sent = _digests(sender, table)
    arrived = _digests(receiver, table)
    if sent != arrived:
        raise DatabaseError(
            f"{shown(target.engine.url)}: {len(arrived)} rows of {table.name} arrived where {len(sent)} were sent, or "
            "not as they were sent; nothing was kept: please report this"
        )
    return len(arrived)


def _digests(connection: Connection, table: Table) -> list[bytes]:
    """The digests of all rows, sorted: databases do not agree on the order of texts."""
    return sorted(
        hashlib.sha256(repr(tuple(row)).encode("utf-8", "surrogatepass")).digest()
        for rows in _rows(connection, table)
        for row in rows
    )


def _rows(connection: Connection, table: Table) -> Iterator[list[Row[Any]]]:
    """Reads all rows of a table, some at a time, as Python values."""
    for rows in connection.execute(select(table), execution_options={"yield_per": _ROWS_AT_ONCE}).partitions():
        yield list(rows)


def _continue_counting(receiver: Connection, table: Table) -> None:
    """Has PostgreSQL number the next row after those that came with their numbers. SQLite looks by itself."""
    column = table.autoincrement_column
    if receiver.dialect.name != "postgresql" or column is None:
        return
    highest = receiver.execute(select(func.max(column))).scalar_one()
    if highest is not None:
        counter = text("SELECT setval(pg_get_serial_sequence(:table, :column), :highest)")
        receiver.execute(counter, {"table": table.name, "column": column.name, "highest": highest})
