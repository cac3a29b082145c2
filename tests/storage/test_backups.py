"""A database that breaks, is emptied or deleted is had again; until then it is refused with the way to do it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import storage.backups
from storage.backups import KEPT, backups, is_sound
from storage.database import Database, database_name, restore_database
from storage.errors import DatabaseError, DatabaseFullError, DatabaseUrlError
from tests.storage.builders import make_take

GOLDENS = Path(__file__).with_name("goldens")


@pytest.fixture
def backend() -> str:
    """A server's databases are backed up by its keeper."""
    return "sqlite"


@pytest.fixture
def path(database_url) -> Path:
    return Path(database_name(database_url))


def add(database, name):
    with database.unit_of_work() as uow:
        uow.takes.add([make_take(name)])
        uow.commit()


def takes_in(path):
    with closing(sqlite3.connect(path)) as connection:
        return {key for (key,) in connection.execute("SELECT utterance_key FROM takes")}


def garbage(path):
    path.write_bytes(b"this is no database, and never was" * 100)


def broken_page(path):
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    path.write_bytes(data)


def empty(path):
    path.write_bytes(b"")


def no_version(path):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM alembic_version")
        connection.commit()


def test_the_last_backups_are_kept_the_newest_first(database, path):
    for name in "abcde":
        add(database, name)
        database.back_up()
    assert [copy.name for copy in backups(path)] == [f"talepress.db.{number}" for number in range(1, KEPT + 1)]
    assert [takes_in(copy) for copy in backups(path)] == [set("abcde"), set("abcd"), set("abc")]
    assert not list(path.parent.glob(".*")), "temporaries are left"


def test_a_backup_that_fails_leaves_the_older_ones(database, path, monkeypatch):
    add(database, "a")
    database.back_up()
    monkeypatch.setattr("storage.backups._flush", lambda path: (_ for _ in ()).throw(OSError(28, "No space left")))
    with pytest.raises(DatabaseError, match=r"cannot be backed up.*No space"):
        database.back_up()
    assert [takes_in(copy) for copy in backups(path)] == [{"a"}]
    assert not list(path.parent.glob(".*"))


def test_an_older_database_is_backed_up_before_it_is_changed(tmp_path):
    path = tmp_path / "talepress.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((GOLDENS / "home_469e640.sql").read_text("utf-8"))
    Database(f"sqlite:///{path}").close()
    (copy,) = backups(path)
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == ("0002",)
        assert connection.execute("SELECT count(*) FROM takes").fetchone()[0] > 0
    Database(f"sqlite:///{path}").close()
    assert len(backups(path)) == 1, "opened again: nothing to change"


@pytest.mark.parametrize("damage", [garbage, broken_page, empty, no_version, Path.unlink], ids=lambda d: d.__name__)
def test_a_broken_database_names_its_backups_and_is_restored(database, database_url, path, damage):
    add(database, "a")
    database.back_up()
    add(database, "b")
    database.close()
    damage(path)
    after = path.read_bytes() if path.exists() else None
    with (
        pytest.raises(DatabaseError, match=r"`talepress maintain restore` .*talepress\.db\.1 of 20"),
        Database(database_url, may_create=False).snapshot() as uow,
    ):
        uow.takes.of(["a"])
    assert (path.read_bytes() if path.exists() else None) == after, "looking at it changed it"
    if damage is no_version:
        path.unlink()  # the file itself is sound
    copy, aside = restore_database(database_url)
    assert copy.name == "talepress.db.1"
    assert (aside is None) is (damage in (no_version, Path.unlink))
    assert aside is None or aside.read_bytes() == after
    restored = Database(database_url, may_create=False)
    with restored.snapshot() as uow:
        assert set(uow.takes.of(["a", "b"])) == {"a"}
    restored.close()


def test_a_backup_that_is_broken_itself_is_passed_over(database, database_url, path):
    for name in "ab":
        add(database, name)
        database.back_up()
    database.close()
    empty(path)
    garbage(backups(path)[0])
    copy, _ = restore_database(database_url)
    assert (copy.name, takes_in(path)) == ("talepress.db.2", {"a"})


def test_a_sound_database_is_not_replaced(database, database_url, path):
    database.back_up()
    database.close()
    before = path.read_bytes()
    assert restore_database(database_url) is None
    assert is_sound(path) and path.read_bytes() == before


def test_a_servers_database_is_its_keepers_to_restore():
    with pytest.raises(DatabaseUrlError, match="see your server's backups"):
        restore_database("postgresql+psycopg://user@host/name")


def test_without_backups_the_way_is_to_rebuild(database, database_url, path):
    database.close()
    garbage(path)
    with pytest.raises(DatabaseError, match="`talepress maintain rebuild`"):
        Database(database_url)
    with pytest.raises(DatabaseError, match=r"no sound backup .*`talepress maintain rebuild`"):
        restore_database(database_url)


def test_a_database_that_is_deleted_while_it_is_open_is_in_the_backup_and_is_missed(database, database_url, path):
    add(database, "a")
    for file in path.parent.glob("talepress.db*"):
        file.unlink()
    with pytest.raises(DatabaseError, match=r"no library in it.*`talepress maintain restore`"):
        database.back_up()
    database.close()
    restore_database(database_url)
    assert takes_in(path) == {"a"}


def test_a_full_disk_is_told_with_the_remedy(database):
    with (
        pytest.raises(DatabaseFullError, match="free some space and run the same command again"),
        database.unit_of_work() as uow,
    ):
        connection = uow.takes._session.connection()
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        uow.takes.add(make_take("k" * 1000, attempt) for attempt in range(500))
        uow.commit()


def test_what_was_not_written_back_of_the_broken_database_goes_aside_with_it(database, database_url, path):
    """SQLite would play a journal that is left into the database that is put back."""
    add(database, "a")
    database.back_up()
    database.close()
    empty(path)
    journals = [path.with_name(path.name + suffix) for suffix in ("-wal", "-shm")]
    for journal in journals:
        journal.write_bytes(b"of the broken one")
    aside = storage.backups.put_back(path, backups(path)[0])
    for suffix in ("-wal", "-shm"):
        assert aside.with_name(aside.name + suffix).read_bytes() == b"of the broken one"
    assert not any(journal.exists() for journal in journals)
    assert not list(path.parent.glob(".*")), "temporaries are left"


def test_a_database_that_is_put_back_survives_a_power_cut(database, database_url, path, monkeypatch):
    add(database, "a")
    database.back_up()
    database.close()
    empty(path)
    steps = []
    flush = storage.backups._flush
    replace = Path.replace

    def flushed(place):
        steps.append(("flush", "folder" if place.is_dir() else place.read_bytes() == backups(path)[0].read_bytes()))
        flush(place)

    def renamed(source, target):
        steps.append(("rename", target.name))
        return replace(source, target)

    monkeypatch.setattr(storage.backups, "_flush", flushed)
    monkeypatch.setattr(Path, "replace", renamed)
    restore_database(database_url)
    assert steps[1:] == [("flush", True), ("rename", path.name), ("flush", "folder")]  # what was broken went first


def test_a_backup_is_on_the_disk_before_it_has_its_name_and_the_name_outlives_a_power_cut(database, path, monkeypatch):
    steps = []
    flush = storage.backups._flush
    replace = Path.replace

    def flushed(place):
        steps.append("folder" if place == path.parent else "copy")
        flush(place)

    def renamed(source, target):
        steps.append(target.name)
        assert path.parent in source.parents, "from another disk it would be seen half written"
        return replace(source, target)

    monkeypatch.setattr(storage.backups, "_flush", flushed)
    monkeypatch.setattr(Path, "replace", renamed)
    names = [f"{path.name}.{number}" for number in (1, 2, 3)]
    for expected in (names[:1], names[1::-1], names[::-1], names[::-1]):
        steps.clear()
        database.back_up()
        assert steps == ["copy", *expected, "folder"]  # the oldest moves first
