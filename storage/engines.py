"""Engines: reads a database's URL, connects as our invariants need it, and makes one line of a driver's errors.

SQLite and PostgreSQL keep the same promises: one writer works at a time and waits for its turn at its start, and a
reader sees one moment, without waiting. This module must not know the tables, nor their migrations.
"""

from __future__ import annotations

import logging
import re
import sqlite3
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from storage.backups import backups
from storage.errors import (
    DatabaseBusyError,
    DatabaseError,
    DatabaseFullError,
    DatabaseLostError,
    DatabasePlaceError,
    DatabaseUrlError,
)

logger = logging.getLogger(__name__)

BUSY_SECONDS = 30.0  # how long to wait for another writer; writes here take well under a second
SERVER_SECONDS = 60.0  # how long a server that was there before may be away: it restarts, or another takes its place
REBUILD = "move it away, if it is there, and `talepress maintain rebuild` makes the rows of takes anew from their audio"

_RECONNECT_SECONDS = 0.5
_SIGNS_OF_DAMAGE = ("not a database", "malformed", "unable to open")  # in SQLite's words
_SIGNS_OF_A_FULL_DISK = ("disk is full", "No space left")
_SIGNS_OF_ANOTHER_WRITER = ("locked", "deadlock", "lock timeout")
_WRITER = 0x7A1E9E55  # any constant: names our writers among a PostgreSQL database's advisory locks
_CONNECTION = {  # what libpq is told, where the URL says nothing of it: a dead peer is noticed within a minute
    "application_name": "talepress",
    "connect_timeout": "10",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
}
_SUSPENDED_SECONDS = 600.0  # a process that sleeps in a transaction of PostgreSQL keeps others out for so long at most


def parse_url(url: str) -> URL:
    """Reads a database URL. Characters that mean something in a URL are percent-encoded: `%3F` is a question mark.

    Raises `DatabaseUrlError`.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise _unusable(_without_password(url), str(error)) from error
    except ValueError as error:
        raise _unusable(_without_password(url), "its port is no number") from error
    if parsed.database is not None:
        # SQLAlchemy 2.0 decodes user and password alone; 2.1 decodes the database as well, and this line goes.
        parsed = parsed.set(database=unquote(parsed.database))
    if parsed.drivername in ("postgres", "postgresql"):  # as everybody else writes it
        parsed = parsed.set(drivername="postgresql+psycopg")
    if is_sqlite(parsed) and (not parsed.database or parsed.database == ":memory:"):
        raise _unusable(url, "a database in memory cannot be shared")
    if not is_sqlite(parsed) and parsed.drivername != "postgresql+psycopg":
        raise _unusable(parsed.render_as_string(hide_password=True), "neither SQLite nor PostgreSQL")
    return parsed


def is_sqlite(url: URL) -> bool:
    """Tells whether a URL names an SQLite file; all others name a server."""
    return url.get_backend_name() == "sqlite"


def file_of(url: URL) -> Path:
    """Returns the path of an SQLite database."""
    assert url.database  # `parse_url` refuses SQLite without a file
    return Path(url.database)


def shown(url: URL) -> str:
    """Returns what messages call a database: a path, or a URL without its password."""
    return str(file_of(url)) if is_sqlite(url) else url.render_as_string(hide_password=True)


def make_engine(url: URL, *, reads_only: bool = False) -> Engine:
    """Makes the engine of either database; the errors of its driver become ours. `reads_only` is for SQLite.

    Raises `DatabaseUrlError`, also where PostgreSQL's driver is not installed; `DatabasePlaceError`.
    """
    try:
        if reads_only:
            engine = _engine_without_traces(url)
        elif is_sqlite(url):
            file_of(url).parent.mkdir(mode=0o700, parents=True, exist_ok=True)  # the text of all books is in there
            engine = sqlite_engine(url)
        else:
            engine = _postgresql_engine(url)
    except ImportError as error:
        raise DatabaseUrlError(
            f"{shown(url)}: the extra `postgres` is not installed ({error}): `pip install 'talepress[postgres]'`, or "
            "`pip install -e '.[postgres]'` in a checkout"
        ) from error
    except (ArgumentError, ValueError, NoSuchModuleError) as error:
        raise _unusable(url.render_as_string(hide_password=True), str(error)) from error
    except OSError as error:
        raise DatabasePlaceError(f"{shown(url)}: cannot make the folder: {error}; set storage.data_dir") from error

    @event.listens_for(engine, "handle_error")
    def explain(context: ExceptionContext) -> DatabaseError | None:
        if context.is_pre_ping:
            return None  # the pool was about to replace this connection
        if context.is_disconnect or (context.connection is None and not is_sqlite(url)):
            return _lost(url, context.original_exception)
        return clear_error(url, context.original_exception)

    return engine


def sqlite_engine(url: URL, *, foreign_keys: bool = True) -> Engine:
    """Makes an engine for an SQLite file, with the settings that our invariants rest on.

    Migrations work without foreign keys, see `storage.database.migration_connection`.
    """
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # we begin transactions ourselves, below
        for pragma in ("journal_mode=WAL", "synchronous=FULL", f"foreign_keys={foreign_keys:d}"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A transaction that reads first and writes later fails at once, whatever the time-out, when another process
        # wrote in between. So those that may write take the write lock from the start and wait for it.
        connection.exec_driver_sql("BEGIN" if _reads_only(connection) else "BEGIN IMMEDIATE")

    return engine


def _engine_without_traces(url: URL) -> Engine:
    """Makes an engine for an SQLite file beside which nothing can be written.

    SQLite keeps a list of its log's pages beside the file; where there is no log it is told that nothing will change.
    """
    path = file_of(url)
    still = "" if Path(f"{path}-wal").exists() else "&immutable=1"
    name = f"{path.absolute().as_uri()}?mode=ro{still}"
    engine = create_engine(url, creator=lambda: sqlite3.connect(name, uri=True, check_same_thread=False))

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: object) -> None:
        connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if not _reads_only(connection):
            raise place_error(url, "it can only be read")
        connection.exec_driver_sql("BEGIN")

    return engine


def _postgresql_engine(url: URL) -> Engine:
    """Makes an engine for a PostgreSQL database. A connection that was cut is replaced before it is used again."""
    told = {name: value for name, value in _CONNECTION.items() if name not in url.query}
    engine = create_engine(url, connect_args=told, pool_pre_ping=True, pool_recycle=1800)
    was_there = False

    @event.listens_for(engine, "do_connect")
    def connect(dialect: Any, _record: object, arguments: list[Any], options: dict[str, Any]) -> Any:
        nonlocal was_there
        began = time.monotonic()
        silent = True
        while True:
            try:
                connection = dialect.connect(*arguments, **options)
            except dialect.loaded_dbapi.OperationalError as error:
                if not was_there or time.monotonic() - began > SERVER_SECONDS:
                    raise
                if silent:
                    logger.warning("%s: waiting for the server ... (%s)", shown(url), _first_line(error))
                silent = False
                time.sleep(_RECONNECT_SECONDS)
            else:
                was_there = True
                return connection

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: object) -> None:
        connection.autocommit = True
        connection.execute(f"SET lock_timeout = {BUSY_SECONDS * 1000:.0f}")
        connection.execute(f"SET idle_in_transaction_session_timeout = {_SUSPENDED_SECONDS * 1000:.0f}")
        connection.autocommit = False

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if _reads_only(connection):
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        else:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITER})")

    return engine


def _reads_only(connection: Connection) -> bool:
    return bool(connection.get_execution_options().get("reads_only", False))


def clear_error(url: URL, error: BaseException) -> DatabaseError | None:
    """Makes one line of a driver's error; None leaves the error as it is."""
    if not isinstance(error, Exception):
        return None  # somebody interrupts the program
    reason = _first_line(error)
    if isinstance(error, UnicodeEncodeError):
        return DatabaseError(f"{shown(url)}: text with lone surrogates cannot be stored: {error.reason}")
    if isinstance(error, OverflowError) or "out of range" in reason:
        return DatabaseError(f"{shown(url)}: a number beyond 64 bits cannot be stored: {reason}")
    if any(sign in reason for sign in _SIGNS_OF_A_FULL_DISK):
        return DatabaseFullError(f"{shown(url)}: {reason}; free some space and run the same command again")
    if any(sign in reason for sign in _SIGNS_OF_ANOTHER_WRITER):
        return DatabaseBusyError(
            f"{shown(url)}: {reason}: another process is writing; run the same command again when it is done"
        )
    broken = any(sign in reason for sign in _SIGNS_OF_DAMAGE)
    return DatabaseError(f"{shown(url)}: {reason}{mend(url) if broken else ''}")


def mend(url: URL) -> str:
    """Says how a broken or missing database is had again, and which backups there are."""
    if not is_sqlite(url):
        return "; put it back from your server's backups, or let `talepress maintain rebuild` make the rows of takes"
    copies = backups(file_of(url))
    if not copies:
        return f"; there is no backup beside it: {REBUILD}"
    times = (datetime.fromtimestamp(copy.stat().st_mtime, UTC) for copy in copies)
    listed = ", ".join(f"{copy.name} of {made:%Y-%m-%d %H:%M} UTC" for copy, made in zip(copies, times, strict=True))
    return f"; `talepress maintain restore` puts back the newest sound one of its backups ({listed})"


def place_error(url: URL, reason: object) -> DatabasePlaceError:
    """The error for a place that cannot be written to."""
    return DatabasePlaceError(
        f"{shown(url)}: the folder cannot be written to: {reason}; "
        "permit writing there, or set storage.data_dir to another folder"
    )


def _lost(url: URL, error: BaseException) -> DatabaseLostError:
    return DatabaseLostError(
        f"{shown(url)}: cannot be reached ({_first_line(error)}): see that the server runs and that "
        "storage.database_url is right, then run the same command again"
    )


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)


def _without_password(url: str) -> str:
    """Hides what may be a user and password in text that is no URL."""
    return re.sub(":.*@", ":***@", url)


def _unusable(given: str, reason: str) -> DatabaseUrlError:
    return DatabaseUrlError(
        f"{given!r} is not a database URL that can be used here ({reason.splitlines()[0]}): "
        "set storage.database_url to sqlite:////folder/name.db or postgresql+psycopg://user@host/name"
    )
