"""Opens the database: URL, engine, SQLite's settings, migrations to the newest schema, and units of work.

SQLite by default; a PostgreSQL URL works where its driver is installed. This module must not know the tables.
"""

from __future__ import annotations

import logging
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import alembic.command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from filelock import FileLock, Timeout
from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.orm import Session

from storage.backups import back_up, backups, is_sound, put_back
from storage.errors import (
    DatabaseBusyError,
    DatabaseError,
    DatabaseFullError,
    DatabasePlaceError,
    DatabaseUrlError,
)
from storage.repository import UnitOfWork

logger = logging.getLogger(__name__)

_BUSY_SECONDS = 30.0  # how long to wait for another writer; writes here take well under a second
_SILENT_SECONDS = 2.0  # how long nothing is said about waiting for another process that opens the database
_SIGNS_OF_DAMAGE = ("not a database", "malformed", "unable to open")  # in SQLite's words
_REBUILD = (
    "move it away, if it is there, and `talepress maintain rebuild` makes the rows of takes anew from their audio"
)
_MIGRATION_LOCK = 0x7A1E9E55  # any constant: names our migrations among PostgreSQL's advisory locks


class Database:
    """The database, migrated to the newest schema. Shared by threads; each opens its own units of work.

    Example::

        with database.unit_of_work() as uow:
            uow.takes.add(takes)
            uow.commit()  # without this line, nothing is kept
    """

    def __init__(self, url: str, *, may_create: bool = True) -> None:
        """Opens the database: upgrades an older one, after a backup, and creates one where there is none.

        Raises `DatabaseUrlError`; `DatabaseError`, with what mends it, also where there is none and `may_create` is
        false: then none is made.
        """
        parsed = _parse(url)
        if not (may_create or database_exists(url)):
            raise _missing(parsed)
        self.engine = _engine(parsed)
        try:
            with _one_process_at_a_time(self.engine):
                _migrate(self.engine, may_create=may_create)
        except OSError as error:
            raise DatabasePlaceError(
                f"{_shown(parsed)}: the folder cannot be written to: {error}; "
                "permit writing there, or set storage.data_dir to another folder"
            ) from error

    @contextmanager
    def unit_of_work(self) -> Iterator[UnitOfWork]:
        """Opens a transaction for reading and writing, rolled back unless committed. Keep it short: other writers wait.

        Raises `DatabaseBusyError` (try again) and `DatabaseError`.
        """
        with Session(self.engine) as session:
            yield UnitOfWork(session)

    @contextmanager
    def snapshot(self) -> Iterator[UnitOfWork]:
        """Opens a transaction for reading: it never waits for a writer, nor makes one wait, and cannot be committed."""
        with Session(self.engine.execution_options(reads_only=True)) as session:
            yield UnitOfWork(session, read_only=True)

    def back_up(self) -> None:
        """Copies an SQLite database to a file beside it, see `storage.backups`; a server's is its keeper's business.

        Raises `DatabaseError` when that fails, and when the database's own file has vanished since it was opened.
        """
        if not _is_sqlite(self.engine.url):
            return
        path = _file(self.engine.url)
        try:
            with _one_process_at_a_time(self.engine):
                _back_up(self.engine)
        except OSError as error:
            raise DatabaseError(f"{path}: cannot be backed up: {error}") from error
        if not path.exists():
            raise _missing(self.engine.url)

    def close(self) -> None:
        """Closes all connections."""
        self.engine.dispose()


def database_exists(url: str) -> bool:
    """Tells whether there is something to open: an SQLite URL's file, not emptied. A server is taken to be there.

    Raises `DatabaseUrlError`.
    """
    parsed = _parse(url)
    return not _is_sqlite(parsed) or (_file(parsed).exists() and _file(parsed).stat().st_size > 0)


def restore_database(url: str) -> tuple[Path, Path | None]:
    """Puts the newest sound backup of an SQLite database in its place.

    Returns the backup, and where the broken database lies now (None: there was none). Raises `DatabaseError` when there
    is nothing to restore or nothing to restore it from, `DatabaseUrlError`.
    """
    parsed = _parse(url)
    if not _is_sqlite(parsed):
        raise DatabaseError(f"{_shown(parsed)}: only an SQLite database is backed up here; see your server's backups")
    path = _file(parsed)
    if is_sound(path):
        raise DatabaseError(f"{path}: the database is sound; nothing was restored")
    sound = [copy for copy in backups(path) if is_sound(copy)]
    if not sound:
        raise DatabaseError(f"{path}: there is no sound backup beside it; {_REBUILD}")
    try:
        with _locked(path):
            return sound[0], put_back(path, sound[0])
    except OSError as error:
        raise DatabaseError(f"{path}: cannot be put in place: {error}") from error


def database_name(url: str) -> str:
    """Returns what messages call the database: the path of an SQLite file, else the URL without its password.

    Raises `DatabaseUrlError`.
    """
    return _shown(_parse(url))


def alembic_config(connection: Connection | None = None) -> Config:
    """Returns Alembic's configuration for our migrations, on an open connection."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _parse(url: str) -> URL:
    """Reads a database URL. Characters that mean something in a URL are percent-encoded: `%3F` is a question mark."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise _unusable(_without_password(url), str(error)) from error
    except ValueError as error:
        raise _unusable(_without_password(url), "its port is no number") from error
    if parsed.database is not None:
        # SQLAlchemy 2.0 decodes user and password alone; 2.1 decodes the database as well, and this line goes.
        parsed = parsed.set(database=unquote(parsed.database))
    if _is_sqlite(parsed) and (not parsed.database or parsed.database == ":memory:"):
        raise _unusable(url, "a database in memory cannot be shared")
    return parsed


def _is_sqlite(url: URL) -> bool:
    return url.get_backend_name() == "sqlite"


def _file(url: URL) -> Path:
    assert url.database  # `_parse` refuses SQLite without a file
    return Path(url.database)


def _shown(url: URL) -> str:
    return str(_file(url)) if _is_sqlite(url) else url.render_as_string(hide_password=True)


def _without_password(url: str) -> str:
    """Hides what may be a user and password in text that is no URL."""
    return re.sub(":.*@", ":***@", url)


def _unusable(shown: str, reason: str) -> DatabaseUrlError:
    return DatabaseUrlError(
        f"{shown!r} is not a database URL that can be used here ({reason.splitlines()[0]}): "
        "set storage.database_url to sqlite:////folder/name.db or postgresql+psycopg://user@host/name"
    )


def _engine(url: URL) -> Engine:
    """Makes the engine of either database; the errors of its driver become ours."""
    try:
        if _is_sqlite(url):
            _file(url).parent.mkdir(mode=0o700, parents=True, exist_ok=True)  # the text of all books is in there
            engine = sqlite_engine(url)
        else:
            engine = create_engine(url, pool_pre_ping=True)
    except (ArgumentError, ValueError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise _unusable(url.render_as_string(hide_password=True), str(error)) from error
    except OSError as error:
        raise DatabasePlaceError(f"{_shown(url)}: cannot make the folder: {error}; set storage.data_dir") from error

    @event.listens_for(engine, "handle_error")
    def explain(context: ExceptionContext) -> DatabaseError | None:
        return _clear_error(url, context.original_exception)

    return engine


def sqlite_engine(url: URL, *, foreign_keys: bool = True) -> Engine:
    """Makes an engine for an SQLite file, with the settings that our invariants rest on.

    Migrations work without foreign keys, see `migration_connection`.
    """
    engine = create_engine(url, connect_args={"timeout": _BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # we begin transactions ourselves, below
        for pragma in ("journal_mode=WAL", "synchronous=FULL", f"foreign_keys={foreign_keys:d}"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A transaction that reads first and writes later fails at once, whatever the time-out, when another process
        # wrote in between. So those that may write take the write lock from the start and wait for it.
        reads_only = connection.get_execution_options().get("reads_only", False)
        connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")

    return engine


def _migrate(engine: Engine, *, may_create: bool) -> None:
    """Upgrades the schema to the newest revision. Raises `DatabaseError` for one that this version does not know."""
    scripts = ScriptDirectory.from_config(alembic_config())
    head = scripts.get_current_head()
    with engine.execution_options(reads_only=True).connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
        nameless = current is None and inspect(connection).has_table("books")
    if current == head:
        return
    if nameless:
        raise DatabaseError(f"{_shown(engine.url)}: does not say which version of Talepress made it{_mend(engine.url)}")
    if current is None and not may_create:
        raise _missing(engine.url)
    if current is not None and current not in {script.revision for script in scripts.walk_revisions()}:
        raise DatabaseError(
            f"{_shown(engine.url)}: made by a newer version of Talepress (schema {current}): upgrade Talepress"
        )
    if current is not None and _is_sqlite(engine.url):
        _back_up(engine)
    with migration_connection(engine) as connection:
        alembic.command.upgrade(alembic_config(connection), "head")


@contextmanager
def _one_process_at_a_time(engine: Engine) -> Iterator[None]:
    """Holds the lock of migrations: the first connection creates the file and turns WAL on, two at once would fail."""
    if _is_sqlite(engine.url):
        with _locked(_file(engine.url)):
            yield
    else:
        with engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
            yield


@contextmanager
def migration_connection(engine: Engine) -> Iterator[Connection]:
    """Opens a transaction for changing the schema, committed at its end. Raises `DatabaseError` for orphaned rows."""
    if not _is_sqlite(engine.url):
        with engine.begin() as connection:
            yield connection
        return
    # SQLite changes a table by copying, dropping and renaming it. With foreign keys on, the drop would take all rows
    # along that refer to the table; they cannot be switched off inside a transaction, hence an engine of its own.
    unchecked = sqlite_engine(engine.url, foreign_keys=False)
    try:
        with unchecked.begin() as connection:
            yield connection
            if broken := connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                raise DatabaseError(f"{_shown(engine.url)}: a migration left a row of {broken[0]} without its parent")
    finally:
        unchecked.dispose()


def _clear_error(url: URL, error: BaseException) -> DatabaseError | None:
    """Makes one line of a driver's error; None leaves the error as it is."""
    if not isinstance(error, Exception):
        return None  # somebody interrupts the program
    reason = next(iter(str(error).splitlines()), type(error).__name__)
    if isinstance(error, UnicodeEncodeError):
        return DatabaseError(f"{_shown(url)}: text with lone surrogates cannot be stored: {error.reason}")
    if isinstance(error, OverflowError):
        return DatabaseError(f"{_shown(url)}: a number beyond 64 bits cannot be stored: {reason}")
    if "disk is full" in reason:
        return DatabaseFullError(f"{_shown(url)}: {reason}; free some space and run the same command again")
    if "locked" in reason or "deadlock" in reason:
        return DatabaseBusyError(
            f"{_shown(url)}: {reason}: another process is writing; run the same command again when it is done"
        )
    broken = any(sign in reason for sign in _SIGNS_OF_DAMAGE)
    return DatabaseError(f"{_shown(url)}: {reason}{_mend(url) if broken else ''}")


def _missing(url: URL) -> DatabaseError:
    return DatabaseError(f"{_shown(url)}: there is no library in it, though its audio is there{_mend(url)}")


def _mend(url: URL) -> str:
    """Says how a broken or missing database is had again, and which backups there are."""
    copies = backups(_file(url)) if _is_sqlite(url) else ()
    if not copies:
        return f"; there is no backup beside it: {_REBUILD}"
    times = (datetime.fromtimestamp(copy.stat().st_mtime, UTC) for copy in copies)
    listed = ", ".join(f"{copy.name} of {time:%Y-%m-%d %H:%M} UTC" for copy, time in zip(copies, times, strict=True))
    return f"; `talepress maintain restore` puts back the newest sound one of its backups ({listed})"


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Holds the lock of an SQLite file. Says so when it has to wait, and raises `DatabaseBusyError` after a while."""
    lock = FileLock(f"{path}.migrate.lock")
    try:
        lock.acquire(timeout=_SILENT_SECONDS)
    except Timeout:
        logger.warning("%s: waiting for another process that is opening it ...", path)
        try:
            lock.acquire(timeout=_BUSY_SECONDS)
        except Timeout as error:
            raise DatabaseBusyError(
                f"{path}: another process has been opening it for {_BUSY_SECONDS:.0f} s, perhaps a suspended one: "
                "end it, then run the same command again"
            ) from error
    try:
        yield
    finally:
        lock.release()


def _back_up(engine: Engine) -> None:
    """Backs an SQLite database up. Raises `DatabaseError`, `OSError`."""
    connection = engine.raw_connection()  # VACUUM works outside transactions alone
    try:
        back_up(connection.driver_connection, _file(engine.url))
    except sqlite3.Error as error:
        raise _clear_error(engine.url, error) or error from error
    finally:
        connection.close()
