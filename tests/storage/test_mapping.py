"""Every table against its record: what one has and the other lacks is named, here or in the schema, with the reason."""

from __future__ import annotations

import dataclasses
import types
import typing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum

import pytest
from sqlalchemy import create_engine, inspect, select
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import Session, undefer

from storage import dropped, hearing, records, summaries
from storage.dropped import InboxItem
from storage.hearing import Hearing
from storage.mapping import row_values, to_record
from storage.records import (
    Block,
    Book,
    Chapter,
    Decision,
    Edition,
    EditionFile,
    LedgerEntry,
    Master,
    PlacedUtterance,
    Run,
    Skip,
    Take,
    Utterance,
    VoiceRecord,
)
from storage.schema import (
    Base,
    BlockRow,
    BookRow,
    ChapterRow,
    DecisionRow,
    EditionChapterRow,
    EditionFileRow,
    EditionRow,
    HearingRow,
    InboxRow,
    LedgerRow,
    MasterRow,
    NoticeRow,
    PlacementRow,
    RunRow,
    SkipRow,
    StoreRow,
    TakeRow,
    UtteranceRow,
    VoiceRow,
    WordTimesRow,
)

RECORD_OF = {
    BookRow: Book,
    ChapterRow: Chapter,
    BlockRow: Block,
    SkipRow: Skip,
    LedgerRow: LedgerEntry,
    TakeRow: Take,
    UtteranceRow: Utterance,
    VoiceRow: VoiceRecord,
    RunRow: Run,
    MasterRow: Master,
    PlacementRow: PlacedUtterance,
    EditionRow: Edition,
    DecisionRow: Decision,
    HearingRow: Hearing,
    EditionFileRow: EditionFile,
    InboxRow: InboxItem,
}

WITHOUT_RECORD = {
    NoticeRow: "whether it is there is all that is asked",
    EditionChapterRow: "Edition.chapters holds plain tuples",
    StoreRow: "one text, read and written as it is",
    WordTimesRow: "words is a tuple of WordTime",
}

WITHOUT_TABLE = {
    "Markup": "in the column blocks.markup",
    "WordTime": "in the column word_times.words",
    "HeardWord": "in the column hearings.words",
    "Script": "utterances and ledger entries have tables, coverage is added up",
    "Coverage": "added up from the ledger",
    "KeyedUtterance": "an utterance with its column utterance_key",
    "ChosenTake": "an utterance joined to its chosen take",
    "FlaggedUtterance": "an utterance joined to its chosen take and its chapter",
    "ChapterSummary": "counted",
    "BookSummary": "counted",
}

STORED_ELSEWHERE = {
    Book: {"chapters": "a table", "skipped": "the table skips"},
    Chapter: {"blocks": "a table"},
    Run: {"source_sha256": "the book's, by book_id", "interrupted": "judged from the process when asked"},
    Master: {
        "chapter_index": "asked for: equal chapters of two books share a master",
        "title": "the chapter's as it is now",
        "placed": "the table placements",
    },
    PlacedUtterance: {"utterance": "the chapter's with that utterance_index"},
    Edition: {"files": "the table edition_files", "chapters": "the table edition_chapters"},
}

PAIRS = pytest.mark.parametrize(("row_type", "record_type"), RECORD_OF.items(), ids=lambda pair: pair.__name__)


def columns_of(row_type: type[Base]) -> set[str]:
    return set(inspect(row_type).column_attrs.keys())


def fields_of(record_type: type) -> set[str]:
    return {field.name for field in dataclasses.fields(record_type)}


def sample(kind: typing.Any, name: str, n: int) -> object:
    """A value of a field's type that is not its default, and unlike that of every other field."""
    if typing.get_origin(kind) in (types.UnionType, typing.Union):  # which of them, Python's cache of types decides
        (kind,) = set(typing.get_args(kind)) - {types.NoneType}
    plain = {
        str: f"{name} {n}",
        int: n,
        float: n + 0.1,
        bool: True,
        bytes: bytes([n]),
        datetime: datetime(2026, 1, 1, 12, 30, n, n, tzinfo=UTC),
    }
    if kind in plain:
        value = plain[kind]
    elif typing.get_origin(kind) is tuple:
        item = typing.get_args(kind)[0]
        value = (sample(item, name, n), sample(item, name, n + 1))
    elif typing.get_origin(kind) is dict:
        value = {name: n + 0.5}
    elif dataclasses.is_dataclass(kind):
        value = sample_record(kind, n)
    else:
        assert issubclass(kind, StrEnum), f"{name}: say here what a {kind} may be"
        value = list(kind)[n % len(kind)]
    return value


def sample_record(record_type: type, first: int = 1):
    hints = typing.get_type_hints(record_type)
    names = fields_of(record_type) - set(STORED_ELSEWHERE.get(record_type, ()))
    values = {name: sample(hints[name], name, n) for n, name in enumerate(sorted(names), first)}
    elsewhere = {name: f"elsewhere: {name}" for name in fields_of(record_type) - names}
    return record_type(**values, **elsewhere)


def test_every_table_has_a_record_or_says_why_not():
    tables = {mapper.class_ for mapper in Base.registry.mappers}
    assert set(RECORD_OF) | set(WITHOUT_RECORD) == tables
    named = {record.__name__ for record in RECORD_OF.values()} | set(WITHOUT_TABLE)
    of_modules = [*vars(records).items(), *vars(dropped).items(), *vars(hearing).items(), *vars(summaries).items()]
    assert named == {name for name, value in of_modules if dataclasses.is_dataclass(value)}


@PAIRS
def test_a_column_that_no_record_has_says_what_it_is_for(row_type, record_type):
    for name in columns_of(row_type):
        reason = row_type.__table__.columns[name].doc
        assert (reason is None) == (name in fields_of(record_type)), f"{row_type.__name__}.{name}: {reason}"


@PAIRS
def test_a_field_that_no_table_has_says_where_it_is_stored(row_type, record_type):
    assert fields_of(record_type) - columns_of(row_type) == set(STORED_ELSEWHERE.get(record_type, ()))


@PAIRS
def test_every_field_comes_back_from_its_column_with_value_and_type(row_type, record_type):
    record = sample_record(record_type)
    elsewhere = {name: getattr(record, name) for name in STORED_ELSEWHERE.get(record_type, ())}
    hints = typing.get_type_hints(row_type)
    storage_only = {
        name: sample(*typing.get_args(hints[name]), name, n)
        for n, name in enumerate(columns_of(row_type) - fields_of(record_type), 40)
    }
    engine = create_engine("sqlite://")  # without foreign keys: a row can stand alone
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(row_type(**row_values(record, row_type, **storage_only)))
        session.commit()
    with Session(engine) as session:
        row = session.scalars(select(row_type).options(undefer("*"))).one()
        assert repr(to_record(record_type, row, **elsewhere)) == repr(record)  # `==` takes a text for an enum's member
        assert {name: getattr(row, name) for name in storage_only} == storage_only


def test_a_field_that_is_neither_a_column_nor_given_is_an_error_not_its_default():
    @dataclass(frozen=True)
    class LongerSkip(Skip):
        reviewer: str = "nobody"

    row = SkipRow(book_id=1, position=0, chapter_index=None, text="t", rule="r", source="s")
    with pytest.raises(AssertionError, match="reviewer"):
        to_record(LongerSkip, row)
    assert to_record(LongerSkip, row, reviewer="Ann") == LongerSkip("t", "r", None, "s", reviewer="Ann")


def test_a_moment_comes_back_in_utc_and_one_without_a_zone_is_refused():
    voice = VoiceRow(**row_values(VoiceRecord("v", "d", "l"), VoiceRow))
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        voice.added_at = datetime(2026, 1, 1, 1, 30, tzinfo=timezone(timedelta(hours=2)))
        session.add(voice)
        session.commit()
        session.expire_all()
        assert voice.added_at.isoformat() == "2025-12-31T23:30:00+00:00"
        voice.added_at = datetime(2026, 1, 1)
        with pytest.raises(StatementError, match="give it a time zone"):
            session.flush()
