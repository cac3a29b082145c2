"""Opens the database: engine, SQLite's settings, migrations to the newest schema, and units of work.

SQLite by default; a PostgreSQL URL works where its driver is installed. This module must not know the tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import alembic.command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from filelock import FileLock
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.orm import Session

from storage.errors import DatabaseBusyError, DatabaseError
from storage.repository import UnitOfWork

_BUSY_SECONDS = 30.0  # how long to wait for another writer; writes here take well under a second
_MIGRATION_LOCK = 0x7A1E9E55  # any constant: names our migrations among PostgreSQL's advisory locks


class Database:
    """The database, migrated to the newest schema. Shared by threads; each opens its own units of work.

    Example::

        with database.unit_of_work() as uow:
            uow.takes.add(takes)
            uow.commit()  # without this line, nothing is kept
    """

    def __init__(self, url: str) -> None:
        """Opens (and creates or upgrades) the database. Raises `DatabaseError`."""
        self.url = url
        self.engine = _engine(url)
        try:
            with _one_process_at_a_time(self.engine):
                _migrate(self.engine)
        except OSError as error:
            raise DatabaseError(f"{_shown(url)}: the folder cannot be written to: {error}") from error

    @contextmanager
    def unit_of_work(self) -> Iterator[UnitOfWork]:
        """A transaction for reading and writing, rolled back unless committed. Keep it short: SQLite has one writer.

        Raises `DatabaseBusyError` (try again) and `DatabaseError`.
        """
        with Session(self.engine) as session:
            yield UnitOfWork(session)

    @contextmanager
    def snapshot(self) -> Iterator[UnitOfWork]:
        """A transaction for reading alone: never waits for a writer, nor makes one wait. It cannot be committed."""
        with Session(self.engine.execution_options(reads_only=True)) as session:
            yield UnitOfWork(session, read_only=True)

    def close(self) -> None:
        """Closes all connections."""
        self.engine.dispose()


def alembic_config(connection: Connection | None = None) -> Config:
    """Alembic's configuration for our migrations, on an open connection."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _engine(url: str) -> Engine:
    engine = _plain_engine(url)

    @event.listens_for(engine, "handle_error")
    def explain(context: ExceptionContext) -> DatabaseError | None:
        return _clear_error(url, context.original_exception)

    return engine


def _plain_engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            if not parsed.database or parsed.database == ":memory:":
                raise DatabaseError(f"{url}: a database in memory cannot be shared: name a file, sqlite:///t.db")
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
            return sqlite_engine(parsed)
        return create_engine(parsed, pool_pre_ping=True)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise DatabaseError(f"{_shown(url)}: not a database URL that can be used here: {error}") from error
    except OSError as error:
        raise DatabaseError(f"{_shown(url)}: cannot make the folder: {error}; set storage.data_dir") from error


def sqlite_engine(url: URL, *, foreign_keys: bool = True) -> Engine:
    """An engine for an SQLite file with the settings that our invariants rest on. Without foreign keys: migrations."""
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


def _migrate(engine: Engine) -> None:
    """Brings the schema to the newest revision."""
    scripts = ScriptDirectory.from_config(alembic_config())
    head = scripts.get_current_head()
    with engine.execution_options(reads_only=True).connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    if current == head:
        return
    if current is not None and current not in {script.revision for script in scripts.walk_revisions()}:
        raise DatabaseError(
            f"{_shown(str(engine.url))}: made by a newer version of Talepress (schema {current}): upgrade Talepress"
        )
    with migration_connection(engine) as connection:
        alembic.command.upgrade(alembic_config(connection), "head")


@contextmanager
def _one_process_at_a_time(engine: Engine) -> Iterator[None]:
    """The first connection creates the file and turns WAL on, which SQLite itself does not let two processes do."""
    if engine.dialect.name == "sqlite":
        with FileLock(f"{engine.url.database}.migrate.lock"):
            yield
    else:
        with engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
            yield


@contextmanager
def migration_connection(engine: Engine) -> Iterator[Connection]:
    """A transaction for changing the schema."""
    if engine.dialect.name != "sqlite":
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
                raise DatabaseError(
                    f"{_shown(str(engine.url))}: a migration left a row of {broken[0]} without its parent"
                )
    finally:
        unchecked.dispose()


def _clear_error(url: str, error: BaseException) -> DatabaseError | None:
    """The driver's error as ours, in one line; None leaves it as it is."""
    reason = next(iter(str(error).splitlines()), type(error).__name__)
    if isinstance(error, UnicodeEncodeError):
        return DatabaseError(f"{_shown(url)}: text with lone surrogates cannot be stored: {error.reason}")
    if isinstance(error, OverflowError):
        return DatabaseError(f"{_shown(url)}: a number beyond 64 bits cannot be stored: {reason}")
    if not isinstance(error, Exception):
        return None  # somebody interrupts the program
    if "locked" in reason or "deadlock" in reason:
        return DatabaseBusyError(f"{_shown(url)}: {reason}: another process is writing, try again")
    return DatabaseError(f"{_shown(url)}: {reason}")


def _shown(url: str) -> str:
    """The URL without its password."""
    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return repr(url)
