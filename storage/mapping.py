"""How records become rows and rows become records: a field and a column of the same name hold the same value.

The type of a column follows from its Python type (`COLUMN_TYPES`), so a row's attribute is what the record's field is:
a tuple, an enum, a moment in UTC. A column that no record has says so in the schema, by a `doc` with the reason; the
repository that writes the row gives its value. This module must not know any table, nor how rows are found.
"""

from __future__ import annotations

from dataclasses import asdict, astuple, fields
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import JSON, DateTime, Dialect, Double, Enum, Text, TypeDecorator, inspect
from sqlalchemy.orm import DeclarativeBase

from storage.dropped import InboxState
from storage.hearing import HeardWord, HowHeard
from storage.records import (
    BlockKind,
    DecisionKind,
    LedgerState,
    Markup,
    MarkupKind,
    PauseKind,
    Reach,
    RunState,
    Verdict,
    WordTime,
)

Record = TypeVar("Record")


def row_values(record: Any, row_type: type[DeclarativeBase], **storage_only: Any) -> dict[str, Any]:
    """Returns the values of a record's row: of every field that is a column, and of columns that storage alone has."""
    columns = _columns(row_type)
    shared = {name: getattr(record, name) for name in _names(type(record)) if name in columns}
    return shared | storage_only


def to_record(record_type: type[Record], row: DeclarativeBase, **stored_elsewhere: Any) -> Record:
    """Returns the record of a row. Fields that are no columns of its table are given as `stored_elsewhere`.

    Every field must come from one of the two: a default in place of what was stored would be a silent loss.
    """
    columns = _columns(type(row))
    values = {name: getattr(row, name) for name in _names(record_type) if name in columns} | stored_elsewhere
    missing = [name for name in _names(record_type) if name not in values]
    assert not missing, f"{record_type.__name__}: {missing} are neither columns nor given"
    return record_type(**values)


def _names(record_type: Any) -> list[str]:
    return [field.name for field in fields(record_type)]


@cache
def _columns(row_type: type[DeclarativeBase]) -> frozenset[str]:
    return frozenset(inspect(row_type).column_attrs.keys())


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC. SQLite has no time zones, so the column holds naive UTC and Python sees aware values."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Takes the zone away. Refuses naive values: their zone would be a guess."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive date and time {value}: give it a time zone")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Adds the zone that the column lacks."""
        return None if value is None else value.replace(tzinfo=UTC)


class Texts(TypeDecorator[tuple[str, ...]]):
    """A tuple of texts as a JSON list: JSON has no tuples."""

    impl = JSON
    cache_ok = True

    def process_result_value(self, value: list[str] | None, dialect: Dialect) -> tuple[str, ...] | None:
        """Makes the list a tuple again."""
        return None if value is None else tuple(value)


class Notes(TypeDecorator[tuple[Markup, ...]]):
    """The markup of a block as a JSON list of objects."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: tuple[Markup, ...] | None, dialect: Dialect) -> list[dict[str, Any]] | None:
        """Makes each note an object with a member per field."""
        return None if value is None else [asdict(note) for note in value]

    def process_result_value(self, value: list[dict[str, Any]] | None, dialect: Dialect) -> tuple[Markup, ...] | None:
        """Makes each object a note again."""
        if value is None:
            return None
        return tuple(Markup(**note | {"kind": MarkupKind(note["kind"])}) for note in value)


class Words(TypeDecorator[tuple[WordTime, ...]]):
    """Words with their times as a JSON list of lists: there are many."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: tuple[WordTime, ...] | None, dialect: Dialect) -> list[list[int]] | None:
        """Makes each word a list of its fields."""
        return None if value is None else [list(astuple(word)) for word in value]

    def process_result_value(self, value: list[list[int]] | None, dialect: Dialect) -> tuple[WordTime, ...] | None:
        """Makes each list a word again."""
        if value is None:
            return None
        return tuple(
            WordTime(start, end, start_sample, end_sample, bool(is_estimated))
            for start, end, start_sample, end_sample, is_estimated in value
        )


class Heard(TypeDecorator[tuple[HeardWord, ...]]):
    """Words as they were heard, as a JSON list of lists."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: tuple[HeardWord, ...] | None, dialect: Dialect) -> list[list[Any]] | None:
        """Makes each word a list of its fields."""
        return None if value is None else [list(astuple(word)) for word in value]

    def process_result_value(self, value: list[list[Any]] | None, dialect: Dialect) -> tuple[HeardWord, ...] | None:
        """Makes each list a word again."""
        if value is None:
            return None
        return tuple(HeardWord(start, end, HowHeard(how), *rest) for start, end, how, *rest in value)


def _words(enum: type[StrEnum]) -> Enum:
    """Makes a column of an enum's values as plain words: readable in any SQL shell, extended without a migration."""
    return Enum(enum, native_enum=False, length=16, values_callable=lambda members: [str(member) for member in members])


COLUMN_TYPES: dict[Any, Any] = {
    str: Text(),
    float: Double(),  # SQLAlchemy 2.0 would make it FLOAT, 2.1 DOUBLE; the migrations have said DOUBLE from the start
    datetime: UtcDateTime(),
    tuple[str, ...]: Texts(),
    tuple[Markup, ...]: Notes(),
    tuple[WordTime, ...]: Words(),
    tuple[HeardWord, ...]: Heard(),
    dict[str, float]: JSON(),
    dict[str, object]: JSON(),
    BlockKind: _words(BlockKind),
    InboxState: _words(InboxState),
    DecisionKind: _words(DecisionKind),
    LedgerState: _words(LedgerState),
    PauseKind: _words(PauseKind),
    Reach: _words(Reach),
    RunState: _words(RunState),
    Verdict: _words(Verdict),
}
"""The type of a column by the type of the record's field."""
