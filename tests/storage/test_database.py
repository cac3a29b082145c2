"""Transactions, snapshots and locks of SQLite, and one line for whatever a database can get wrong."""

from __future__ import annotations

import shutil
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import alembic.command
import pytest
from filelock import FileLock, Timeout
from sqlalchemy import create_engine, text

from storage import database as database_module
from storage import engines
from storage.backups import backups
from storage.database import (
    Database,
    alembic_config,
    database_exists,
    database_name,
    migration_connection,
    restore_database,
    revisions,
)
from storage.errors import (
    DatabaseBusyError,
    DatabaseError,
    DatabaseLostError,
    DatabasePlaceError,
    DatabaseUrlError,
    StorageError,
)
from tests.storage.builders import make_take
from tests.storage.servers import sqlite_only


def pragma(database: Database, name: str) -> object:
    with database.engine.connect() as connection:
        return connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()


@sqlite_only
def test_sqlite_is_set_up_as_the_invariants_need(database, database_url):
    assert pragma(database, "journal_mode") == "wal"
    assert pragma(database, "foreign_keys") == 1
    assert pragma(database, "synchronous") == 2  # FULL
    assert pragma(database, "busy_timeout") == 30_000
    with database.unit_of_work() as uow:
        uow.takes.add([make_take("k")])
        uow.commit()
    assert Path(f"{database.engine.url.database}-wal").stat().st_size > 0


def test_without_commit_nothing_is_kept(database):
    with database.unit_of_work() as uow:
        uow.takes.add([make_take("k")])
    with pytest.raises(RuntimeError), database.unit_of_work() as uow:
        uow.takes.add([make_take("l")])
        raise RuntimeError
    with database.unit_of_work() as uow:
        uow.takes.add([make_take("m")])
        uow.rollback()
        uow.takes.add([make_take("n")])
        uow.commit()
        uow.takes.add([make_take("o")])
    with database.snapshot() as uow:
        assert list(uow.takes.of("klmno")) == ["n"]


def test_a_snapshot_neither_waits_nor_commits(database):
    with database.unit_of_work() as writer:
        writer.takes.add([make_take("k")])
        started = time.monotonic()
        with database.snapshot() as reader:
            assert reader.takes.of(["k"]) == {}
        assert time.monotonic() - started < 5
        writer.commit()
    with database.snapshot() as reader:
        assert list(reader.takes.of(["k"])) == ["k"]
        with pytest.raises(StorageError, match="unit_of_work"):
            reader.commit()


def test_two_threads_take_turns_even_when_both_read_first(database):
    """Without the immediate lock, the one that comes second would fail at once instead of waiting."""
    barrier = threading.Barrier(2, timeout=20)
    failures: list[Exception] = []

    def work(name: str) -> None:
        try:
            barrier.wait()
            for n in range(20):
                with database.unit_of_work() as uow:
                    assert uow.takes.of([f"{name}{n}"]) == {}
                    uow.takes.add([make_take(f"{name}{n}")])
                    uow.commit()
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with database.snapshot() as uow:
        assert len(uow.takes.of(f"{name}{n}" for name in "ab" for n in range(20))) == 40


def test_a_lock_held_too_long_is_a_busy_error(database, database_url, monkeypatch):
    monkeypatch.setattr(engines, "BUSY_SECONDS", 1)
    impatient = Database(database_url)
    with database.unit_of_work() as holder:
        holder.takes.add([make_take("k")])
        with pytest.raises(DatabaseBusyError, match="another process is writing"), impatient.unit_of_work() as uow:
            uow.takes.add([make_take("l")])
    with impatient.unit_of_work() as uow:
        uow.takes.add([make_take("l")])
        uow.commit()
    impatient.close()


ODD_FOLDERS = ["with space", "what?x=1", "50%20#1", "ünïcode", "a:b@c", "a&b=c+d", "'; --"]


@pytest.mark.parametrize("folder", ODD_FOLDERS)
def test_a_database_lies_in_a_folder_of_any_name(tmp_path, folder):
    path = tmp_path / folder / "talepress.db"
    url = f"sqlite:///{quote(str(path))}"
    assert database_name(url) == str(path)
    assert database_exists(url) is False
    for _ in range(2):  # made, then opened again
        database = Database(url)
        with database.unit_of_work() as uow:
            uow.takes.add([make_take("k")])
            uow.commit()
        database.close()
    assert database_exists(url) is True
    assert {file.name for file in (tmp_path / folder).iterdir()} == {"talepress.db", "talepress.db.migrate.lock"}
    assert [file.name for file in tmp_path.iterdir()] == [folder]


def test_a_server_is_taken_to_be_there():
    assert database_exists("postgresql+psycopg://user:secret@host/name") is True
    assert database_name("postgresql+psycopg://u:secret@h/my%20books") == "postgresql+psycopg://u:***@h/my books"


@pytest.mark.parametrize(
    "url",
    [
        *("", "nonsense"),
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite://folder/t.db",
        "sqlite:///t.db?timeout=soon",
        "postgresql://host:port/name",
        "nobase://x/y",
    ],
)
def test_urls_that_cannot_be_used_are_refused_with_the_setting_to_change(url, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DatabaseUrlError, match=r"set storage\.database_url to ") as caught:
        Database(url)
    assert repr(url) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("call", [database_exists, database_name])
def test_what_is_no_url_is_refused_before_anything_is_opened(call):
    with pytest.raises(DatabaseUrlError, match="'nonsense'"):
        call("nonsense")


@pytest.mark.parametrize("url", ["nobase://user:secret@h/name", "postgresql:/user:secret@h", "odd:/user:my@secret@h"])
def test_a_password_is_not_shown(url):
    with pytest.raises(DatabaseUrlError) as caught:
        Database(url)
    assert "secret" not in str(caught.value)


def test_a_file_that_is_no_database_is_left_alone(tmp_path):
    path = tmp_path / "talepress.db"
    path.write_bytes(b"not a database at all" * 100)
    with pytest.raises(DatabaseError, match="not a database"):
        Database(f"sqlite:///{path}")
    assert path.read_bytes() == b"not a database at all" * 100


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DatabaseError, match=r"storage\.data_dir"):
        Database(f"sqlite:///{tmp_path / 'file' / 'talepress.db'}")


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "talepress.db.migrate.lock").mkdir()  # as good as no permission, for root too
    with pytest.raises(DatabaseError, match=r"cannot be written.*set storage\.data_dir"):
        Database(f"sqlite:///{tmp_path / 'talepress.db'}")


def test_a_folder_that_cannot_be_written_is_read(tmp_path):
    url = f"sqlite:///{tmp_path / 'talepress.db'}"
    database = Database(url)
    database.transact(lambda uow: uow.takes.add([make_take("k")]))
    database.close()
    (tmp_path / "talepress.db.migrate.lock").unlink(missing_ok=True)
    (tmp_path / "talepress.db.migrate.lock").mkdir()  # as good as no permission, for root too
    before = sorted(path.name for path in tmp_path.iterdir())
    database = Database(url)
    assert list(database.read(lambda uow: uow.takes.of(["k"]))) == ["k"]
    with pytest.raises(DatabasePlaceError, match=r"cannot be written.*set storage\.data_dir"):
        database.transact(lambda uow: uow.takes.add([make_take("l")]))
    database.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_an_older_database_in_a_folder_that_cannot_be_written_is_refused(tmp_path):
    url = f"sqlite:///{tmp_path / 'talepress.db'}"
    database = Database(url)
    with migration_connection(database.engine) as connection:
        alembic.command.downgrade(alembic_config(connection), "-1")
    database.close()
    (tmp_path / "talepress.db.migrate.lock").unlink(missing_ok=True)
    (tmp_path / "talepress.db.migrate.lock").mkdir()
    with pytest.raises(DatabasePlaceError, match=r"cannot be written"):
        Database(url)


def test_the_lock_of_migrations_is_held_while_migrating(tmp_path, monkeypatch):
    """Two processes that make one database at once would both create its tables."""
    path = tmp_path / "talepress.db"
    refusals: list[Timeout] = []
    migrate = database_module._migrate

    def try_the_lock(engine, **options) -> None:
        with pytest.raises(Timeout) as refused:
            FileLock(f"{path}.migrate.lock").acquire(timeout=0)
        refusals.append(refused.value)
        migrate(engine, **options)

    monkeypatch.setattr(database_module, "_migrate", try_the_lock)
    Database(f"sqlite:///{path}").close()
    assert len(refusals) == 1
    with FileLock(f"{path}.migrate.lock").acquire(timeout=0):
        pass  # it is given back


def test_errors_of_others_pass_through_a_unit_of_work(database):
    with pytest.raises(UnicodeEncodeError), database.unit_of_work():
        "\ud800".encode()
    with pytest.raises(KeyboardInterrupt), database.unit_of_work():
        raise KeyboardInterrupt


def test_a_database_of_a_newer_version_is_refused(database_url):
    Database(database_url).close()
    with create_engine(database_url).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'from the future'"))
    with pytest.raises(DatabaseError, match="upgrade Talepress"):
        Database(database_url)


def test_errors_of_the_driver_become_one_line(database):
    with pytest.raises(DatabaseError) as caught, database.unit_of_work() as uow:
        uow.takes.add([make_take("k", seed=2**64)])
    assert "64 bits" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_waiting_for_another_process_has_a_word_and_an_end(tmp_path, monkeypatch, caplog):
    """A suspended process would make every command hang for ever, in silence."""
    path = tmp_path / "talepress.db"
    monkeypatch.setattr(database_module, "_SILENT_SECONDS", 0.01)
    monkeypatch.setattr(database_module, "BUSY_SECONDS", 0.05)
    with FileLock(f"{path}.migrate.lock"):
        with pytest.raises(DatabaseBusyError, match="end it, then run the same command again"):
            Database(f"sqlite:///{path}")
        assert "waiting for another process" in caplog.text
        assert not path.exists()
    Database(f"sqlite:///{path}").close()


def test_a_folder_that_is_made_for_the_database_is_its_owner_s_alone(tmp_path):
    Database(f"sqlite:///{tmp_path / 'home' / 'talepress.db'}").close()
    assert (tmp_path / "home").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("call", ["open", "back up", "restore"])
def test_whoever_opens_copies_or_restores_a_file_is_alone_with_it(tmp_path, monkeypatch, call):
    monkeypatch.setattr(database_module, "_SILENT_SECONDS", 0.0)
    monkeypatch.setattr(database_module, "BUSY_SECONDS", 0.1)
    path = tmp_path / "talepress.db"
    url = f"sqlite:///{path}"
    database = Database(url)
    database.back_up()
    before = {file.name: file.read_bytes() for file in tmp_path.glob("*.db*")}
    if call == "restore":
        path.unlink()
        del before["talepress.db"]
    calls = {"open": lambda: Database(url), "back up": database.back_up, "restore": lambda: restore_database(url)}
    with FileLock(f"{path}.migrate.lock"), pytest.raises(DatabaseBusyError, match="another process has been opening"):
        calls[call]()
    assert {file.name: file.read_bytes() for file in tmp_path.glob("*.db*")} == before
    database.close()
    calls[call]()  # the lock of nobody is left


@pytest.mark.parametrize("cuts", [0, 1, 4, 5])
def test_what_a_server_cuts_is_done_again_a_few_times(cuts):
    calls = []

    def work():
        calls.append(None)
        if len(calls) <= cuts:
            raise DatabaseLostError("cut")
        return "kept"

    if cuts < 5:
        assert database_module._repeated(work) == "kept"
    else:
        with pytest.raises(DatabaseLostError):
            database_module._repeated(work)
    assert len(calls) == min(cuts + 1, 5)


def test_what_is_transacted_is_kept_and_its_result_returned_and_what_fails_is_not(database):
    def add(uow):
        uow.takes.add([make_take("k")])
        return "result"

    def fail(uow):
        uow.takes.add([make_take("l")])
        raise StorageError("no")

    assert database.transact(add) == "result"
    with pytest.raises(StorageError):
        database.transact(fail)
    assert database.read(lambda uow: list(uow.takes.audio())) == ["k-0"]


@pytest.mark.parametrize(
    ("place", "words"), [("", "is a folder"), ("none.db", "no library"), ("empty.db", "no library")]
)
def test_a_folder_or_nothing_in_its_place_is_no_library(tmp_path, place, words):
    (tmp_path / "empty.db").touch()
    with pytest.raises(DatabaseError, match=words):
        Database(f"sqlite:///{tmp_path / place}", may_create=not place)
    assert [(file.name, file.stat().st_size) for file in tmp_path.iterdir()] == [("empty.db", 0)]


def test_an_older_schema_is_upgraded_after_a_backup_and_one_without_a_version_is_refused(migrated, tmp_path):
    path = shutil.copyfile(migrated, tmp_path / "talepress.db")
    database = Database(f"sqlite:///{path}")
    assert backups(path) == ()  # nothing was to be changed
    with migration_connection(database.engine) as connection:
        alembic.command.downgrade(alembic_config(connection), "-1")
    database.close()
    database = Database(f"sqlite:///{path}")
    (copy,) = backups(path)
    assert versions(copy) == [revisions()[-2]] and versions(path) == [revisions()[-1]]
    with database.engine.begin() as connection:
        connection.execute(text("DELETE FROM alembic_version"))
    database.close()
    with pytest.raises(DatabaseError, match="does not say which version of Talepress made it"):
        Database(f"sqlite:///{path}")


def versions(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [version for (version,) in connection.execute("SELECT version_num FROM alembic_version")]


def test_the_newest_sound_backup_takes_the_place_of_what_is_broken_alone(migrated, tmp_path):
    path = shutil.copyfile(migrated, tmp_path / "talepress.db")
    for copy in (f"{path}.1", f"{path}.2", f"{path}.3"):
        shutil.copyfile(path, copy)
    assert restore_database(f"sqlite:///{path}") is None
    for broken in (path, backups(path)[0]):
        broken.write_bytes(b"broken")
    assert restore_database(f"sqlite:///{path}")[0] == backups(path)[1]
    assert versions(path) == [revisions()[-1]]
    for broken in (path, *backups(path)):
        broken.write_bytes(b"broken")
    with pytest.raises(DatabaseError, match="no sound backup beside it"):
        restore_database(f"sqlite:///{path}")


def test_a_migration_that_orphans_a_row_is_not_kept(migrated, tmp_path):
    database = Database(f"sqlite:///{shutil.copyfile(migrated, tmp_path / 'talepress.db')}")
    refused = pytest.raises(DatabaseError, match="left a row of chapters without its parent")
    with refused, migration_connection(database.engine) as connection:
        connection.exec_driver_sql("INSERT INTO chapters (book_id, \"index\", title) VALUES (7, 0, 'One')")
    with database.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM chapters").scalar_one() == 0
    database.close()
