"""What is read of a database's URL, and what becomes of a driver's errors."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from storage import engines
from storage.errors import (
    DatabaseBusyError,
    DatabaseError,
    DatabaseFullError,
    DatabaseLostError,
    DatabasePlaceError,
    DatabaseUrlError,
)

URL = engines.parse_url("sqlite:////home/ann/talepress.db")
SERVER = engines.parse_url("postgresql://ann:secret@host/books")


@pytest.mark.parametrize(
    ("given", "driver", "name", "shown"),
    [
        ("sqlite:////a/b.db", "sqlite", "/a/b.db", "/a/b.db"),
        ("sqlite:////a/what%3F.db", "sqlite", "/a/what?.db", "/a/what?.db"),
        ("postgres://u:pw@h/n", "postgresql+psycopg", "n", "postgresql+psycopg://u:***@h/n"),
        ("postgresql://u:pw@h/n", "postgresql+psycopg", "n", "postgresql+psycopg://u:***@h/n"),
        ("postgresql+psycopg://h:5433/n%20m", "postgresql+psycopg", "n m", "postgresql+psycopg://h:5433/n m"),
    ],
)
def test_urls_are_read_as_people_write_them(given, driver, name, shown):
    url = engines.parse_url(given)
    assert (url.drivername, url.database, engines.shown(url)) == (driver, name, shown)
    assert engines.is_sqlite(url) is (driver == "sqlite")


@pytest.mark.parametrize(
    "given", ["mysql://u:secret@h/n", "postgresql+asyncpg://u:secret@h/n", "postgresql://u:secret@h:x/n"]
)
def test_other_databases_are_refused_without_their_password(given):
    with pytest.raises(DatabaseUrlError, match=r"set storage\.database_url to") as caught:
        engines.parse_url(given)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (sqlite3.OperationalError("database or disk is full"), DatabaseFullError, "free some space"),
        (OSError("[Errno 28] No space left on device"), DatabaseFullError, "free some space"),
        (sqlite3.OperationalError("database is locked"), DatabaseBusyError, "another process is writing"),
        (RuntimeError("deadlock detected\nmore"), DatabaseBusyError, "deadlock detected: another process"),
        (RuntimeError("canceling statement due to lock timeout"), DatabaseBusyError, "another process is writing"),
        (OverflowError("Python int too large"), DatabaseError, "beyond 64 bits"),
        (RuntimeError("bigint out of range"), DatabaseError, "beyond 64 bits"),
        (UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed"), DatabaseError, "lone surrogates"),
        (sqlite3.DatabaseError("file is not a database"), DatabaseError, "`talepress maintain rebuild`"),
        (sqlite3.DatabaseError("database disk image is malformed"), DatabaseError, "`talepress maintain rebuild`"),
        (sqlite3.OperationalError("unable to open database file"), DatabaseError, "`talepress maintain rebuild`"),
        (sqlite3.OperationalError("no such table: x"), DatabaseError, "no such table: x"),
    ],
)
def test_errors_of_the_driver_say_what_to_do(error, kind, words):
    ours = engines.clear_error(URL, error)
    assert type(ours) is kind
    assert words in str(ours) and str(ours).startswith("/home/ann/talepress.db: ") and "\n" not in str(ours)
    assert ("maintain rebuild" in str(ours)) is ("maintain rebuild" in words)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(1)])
def test_whoever_interrupts_the_program_is_not_a_fault_of_the_database(error):
    assert engines.clear_error(URL, error) is None


def test_what_mends_a_database_depends_on_whose_it_is(tmp_path):
    assert "your server's backups" in engines.mend(SERVER)
    path = tmp_path / "talepress.db"
    url = engines.parse_url(f"sqlite:///{path}")
    assert "there is no backup beside it" in engines.mend(url)
    for number in (1, 2):
        Path(f"{path}.{number}").write_bytes(b"x")
    assert "maintain restore` puts back" in engines.mend(url)
    assert engines.mend(url).index("talepress.db.1 of 20") < engines.mend(url).index("talepress.db.2 of 20")


def test_a_server_that_never_answered_is_not_waited_for(monkeypatch):
    """What is wrong from the start is said at once; only a server that was there before may come back."""
    pytest.importorskip("psycopg")
    monkeypatch.setattr(engines, "SERVER_SECONDS", 0.0)
    engine = engines.make_engine(engines.parse_url("postgresql://ann:secret@127.0.0.1:1/books"))
    with pytest.raises(DatabaseLostError, match="cannot be reached") as caught:
        engine.connect()
    assert "secret" not in str(caught.value)


def test_a_database_that_can_only_be_read_is_not_written(tmp_path):
    path = tmp_path / "talepress.db"
    sqlite3.connect(path).execute("CREATE TABLE t (x)").connection.close()
    engine = engines.make_engine(engines.parse_url(f"sqlite:///{path}"), reads_only=True)
    with engine.execution_options(reads_only=True).connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM t").scalar_one() == 0
    with pytest.raises(DatabasePlaceError, match="can only be read"), engine.connect() as connection:
        connection.exec_driver_sql("INSERT INTO t VALUES (1)")
    assert [file.name for file in tmp_path.iterdir()] == ["talepress.db"]


def test_an_sqlite_file_is_opened_as_our_promises_need_it(tmp_path):
    """Durable, checked, one writer at a time from the start, and readers beside it."""
    url = engines.parse_url(f"sqlite:///{tmp_path / 'home' / 'talepress.db'}")
    engine = engines.make_engine(url)
    assert (tmp_path / "home").stat().st_mode & 0o777 == 0o700
    names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
    with engine.connect() as connection:
        settings = [connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in names]
        assert settings == ["wal", 2, 1, 30_000]  # 2: FULL
        other = sqlite3.connect(url.database, timeout=0, isolation_level=None)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        with engine.execution_options(reads_only=True).connect() as reader:
            assert reader.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar_one() == 0
        other.close()
    with engines.sqlite_engine(url, foreign_keys=False).connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 0
    engine.dispose()


@pytest.mark.parametrize("own", ["", *engines._CONNECTION])
def test_a_server_is_asked_to_notice_dead_peers_unless_the_url_says_otherwise(monkeypatch, own):
    pytest.importorskip("psycopg")
    told = {}
    make = engines.create_engine
    monkeypatch.setattr(engines, "create_engine", lambda url, **options: told.update(options) or make(url, **options))
    engines.make_engine(engines.parse_url(f"postgresql://host/books?{own}=7" if own else "postgresql://host/books"))
    usual = {
        "application_name": "talepress",
        "connect_timeout": "10",
        "keepalives_idle": "30",
        "keepalives_interval": "10",
        "keepalives_count": "3",
    }
    assert told["connect_args"] == {name: value for name, value in usual.items() if name != own}
    assert (told["pool_pre_ping"], told["pool_recycle"]) == (True, 1800)


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (ImportError("no psycopg"), DatabaseUrlError, r"the extra `postgres` is not installed"),
        (ValueError("odd"), DatabaseUrlError, "is not a database URL that can be used here .odd."),
        (ArgumentError("odd"), DatabaseUrlError, "is not a database URL that can be used here .odd."),
        (NoSuchModuleError("odd"), DatabaseUrlError, "is not a database URL that can be used here .odd."),
        (PermissionError("no"), DatabasePlaceError, r"cannot make the folder: no; set storage\.data_dir"),
    ],
)
def test_an_engine_that_cannot_be_made_is_told_in_words_and_without_its_password(monkeypatch, error, kind, words):
    def refuse(url, **_):
        raise error

    monkeypatch.setattr(engines, "create_engine", refuse)
    with pytest.raises(kind, match=words) as caught:
        engines.make_engine(SERVER)
    assert type(caught.value) is kind and "secret" not in str(caught.value)


def test_a_database_beside_which_nothing_can_be_written_is_read_with_what_its_journal_holds(tmp_path):
    """SQLite is told that nothing will change only where there is no journal: else it would overlook what is in it."""
    path = tmp_path / "talepress.db"
    with sqlite3.connect(path) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("CREATE TABLE t (x)")
        writer.execute("INSERT INTO t VALUES (1)")
        writer.commit()
        assert Path(f"{path}-wal").stat().st_size > 0
        engine = engines.make_engine(engines.parse_url(f"sqlite:///{path}"), reads_only=True)
        with engine.execution_options(reads_only=True).connect() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM t").scalar_one() == 1
            writer.execute("INSERT INTO t VALUES (2)")
            writer.commit()
            assert connection.exec_driver_sql("SELECT count(*) FROM t").scalar_one() == 1  # one moment
        engine.dispose()
    writer.close()
