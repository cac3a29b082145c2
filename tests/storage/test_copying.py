"""A library moves from SQLite to PostgreSQL and back: all of it, or nothing."""

from __future__ import annotations

import shutil
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import event, func, select

from storage import copying
from storage.copying import copy_database
from storage.database import Database
from storage.dropped import InboxItem
from storage.errors import DatabaseError, DuplicateError
from storage.hearing import HeardWord, Hearing, HowHeard
from storage.records import (
    Decision,
    DecisionKind,
    Edition,
    EditionFile,
    Master,
    PlacedUtterance,
    RunState,
    VoiceRecord,
    WordTime,
)
from storage.schema import Base
from tests.storage.builders import SOURCE, make_book, make_script, make_take, save_keyed

GOLDEN = Path(__file__).with_name("goldens") / "home_469e640.sql"


def fill(database: Database) -> None:
    """Puts rows into nearly every table, with texts that databases sort in different orders."""
    with database.unit_of_work() as uow:
        keyed = save_keyed(uow, make_book(title="Ä \U0001f600 \u202e 'quoted' \"\\"))
        takes = [make_take(item.key, scores={"z": 0.1, "a": 1e-300}) for item in keyed]
        uow.takes.add([*takes, *(make_take(key) for key in ("B", "a", "_", "Z", "é"))])
        uow.takes.choose(SOURCE, {take.utterance_key: take.key for take in takes})
        uow.voices.add(VoiceRecord("slt", "d" * 64, "e" * 64, "A voice", ("1" * 64,), "mini"))
        placed = (PlacedUtterance(keyed[0].utterance, "take", 0, 90),)
        uow.masters.save("master", Master(0, "Chapter 1", "a" * 64, 24_000, 5_000_000_000, -19.1, -3.3, placed))
        run = uow.runs.start(SOURCE, "book_to_audio", {"voice": "slt", "chapters": [0]})
        uow.editions.save(run, Edition((EditionFile("m4b", "b.m4b", "a" * 64, 1),), 1.5, (("One", 0.0, 1.5),)), "key")
        uow.runs.finish(run, RunState.DONE)
        uow.word_times.save("timer", {takes[0].key: (WordTime(0, 3, 100, 2_000),)})
        heard = (HeardWord(0, 3, HowHeard.DOUBTFUL, 0.1, 0.4, 0.9, "an other"),)
        uow.hearings.save({takes[0].key: Hearing("ears 1", heard, 0.75)})
        uow.inbox.put(InboxItem("d" * 64, SOURCE, "a.epub", {"voice": "slt"}, datetime(2026, 11, 29, tzinfo=UTC)))
        uow.notices.note("finished", "run")
        uow.decisions.add(SOURCE, Decision(DecisionKind.NOTE, "Ann", datetime(2026, 11, 29, tzinfo=UTC), value="slow"))
        uow.stores.adopt("f" * 32)
        uow.commit()


def count(database: Database) -> dict[str, int]:
    with database.engine.connect() as connection:
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in Base.metadata.sorted_tables
        }


@pytest.fixture
def target(database) -> Database:
    """An empty database of either kind."""
    return database


@pytest.fixture
def source(migrated, tmp_path) -> Database:
    """A database on SQLite with rows."""
    path = shutil.copyfile(migrated, tmp_path / "source.db")
    source = Database(f"sqlite:///{path}")
    fill(source)
    yield source
    source.close()


def test_every_table_arrives(source, target):
    counts = copy_database(source, target)
    assert counts == count(source) == count(target)
    assert sum(map(bool, counts.values())) >= 15, counts
    with source.snapshot() as before, target.snapshot() as after:
        assert after.books.get(SOURCE) == before.books.get(SOURCE)
        assert after.books.script(SOURCE) == before.books.script(SOURCE)
        assert after.takes.chosen(SOURCE, 0) == before.takes.chosen(SOURCE, 0)
        assert after.takes.audio() == before.takes.audio()
        assert after.voices.list() == before.voices.list()
        assert after.masters.find("master", SOURCE, 0) == before.masters.find("master", SOURCE, 0)
        assert after.editions.find("key") == before.editions.find("key")
        assert after.runs.of(SOURCE) == before.runs.of(SOURCE)
        assert after.stores.identity() == before.stores.identity()


def test_and_back_again(source, target, migrated, tmp_path):
    copy_database(source, target)
    back = Database(f"sqlite:///{shutil.copyfile(migrated, tmp_path / 'back.db')}")
    assert copy_database(target, back) == count(source)
    with source.engine.connect() as first, back.engine.connect() as last:
        for table in Base.metadata.sorted_tables:
            assert copying._digests(first, table) == copying._digests(last, table)
    back.close()


def test_the_next_row_gets_a_number_of_its_own(source, target):
    copy_database(source, target)
    with target.unit_of_work() as uow:
        uow.books.save(make_book("c" * 64), make_script(make_book("c" * 64)))
        run = uow.runs.start("c" * 64, "book_to_audio", {})
        uow.editions.save(run, Edition((), 1.0, ()), "other")
        uow.commit()
    assert count(target)["books"] == count(target)["editions"] == 2


def test_a_recorded_library_arrives(target, tmp_path):
    path = tmp_path / "recorded.db"
    with sqlite3.connect(path) as connection:
        connection.executescript(GOLDEN.read_text("utf-8"))
    connection.close()
    source = Database(f"sqlite:///{path}")
    assert copy_database(source, target) == count(source) == count(target)
    source.close()


def test_a_database_with_rows_is_left_alone(source, target):
    with target.unit_of_work() as uow:
        uow.voices.add(VoiceRecord("other", "d" * 64, "e" * 64, "", (), "mini"))
        uow.commit()
    with pytest.raises(DuplicateError, match="holds 1 rows of voices already"):
        copy_database(source, target)
    assert sum(count(target).values()) == 1


@pytest.mark.parametrize("change", ["title = 'another'", "cover = NULL", "added_at = '2001-01-01 00:00:00'"])
def test_what_arrives_otherwise_than_it_was_sent_is_not_kept(source, target, change):
    """As a trigger, a wrong encoding or a fault of a driver would have it."""

    @event.listens_for(target.engine, "after_cursor_execute")
    def spoil(connection, cursor, statement, parameters, context, many):
        if statement.startswith("INSERT INTO books"):
            connection.exec_driver_sql(f"UPDATE books SET {change}")

    with pytest.raises(DatabaseError, match=r"of books arrived where 1 were sent.*nothing was kept"):
        copy_database(source, target)
    assert sum(count(target).values()) == 0


def test_whoever_writes_into_the_source_is_not_waited_for(migrated, tmp_path):
    """It is read as it is at one moment, and stays as it is."""
    places = [shutil.copyfile(migrated, tmp_path / f"{name}.db") for name in ("source", "target")]
    source, target = (Database(f"sqlite:///{place}") for place in places)
    with source.unit_of_work() as uow:
        uow.takes.add([make_take("k")])
        uow.commit()
        uow.takes.add([make_take("l")])
        assert copy_database(source, target)["takes"] == 1
        uow.commit()
    assert count(source)["takes"] == 2
    source.close()
    target.close()
