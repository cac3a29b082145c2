"""Opens the database: migrations to the newest schema, transactions, backups.

How a database is connected to is `storage.engines`' business. This module must not know the tables.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from filelock import FileLock, Timeout
from sqlalchemy import URL, Connection, Engine, inspect, text
from sqlalchemy.orm import Session

from storage.backups import back_up, backups, is_sound, put_back
from storage.engines import (
    BUSY_SECONDS,
    REBUILD,
    clear_error,
    file_of,
    is_sqlite,
    make_engine,
    mend,
    parse_url,
    place_error,
    shown,
    sqlite_engine,
)
from storage.errors import (
    DatabaseBusyError,
    DatabaseError,
    DatabaseLostError,
    DatabasePlaceError,
    DatabaseUrlError,
)
from storage.repository import UnitOfWork

if TYPE_CHECKING:
    from alembic.config import Config

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

_SILENT_SECONDS = 2.0  # how long nothing is said about waiting for another process that opens the database
_MIGRATIONS = Path(__file__).with_name("migrations")
_TRIES = 5  # of a transaction whose connection is cut, again and again


class Database:
    """The database, migrated to the newest schema. Shared by threads; each opens its own units of work.

    Example::

        with database.unit_of_work() as uow:
            uow.takes.add(takes)
            uow.commit()  # without this line, nothing is kept
    """

    def __init__(self, url: str, *, may_create: bool = True) -> None:
        """Opens the database: upgrades an older one, after a backup, and creates one where there is none.

        In a place that cannot be written to, one of the newest schema is opened for reading alone.

        Raises `DatabaseUrlError`; `DatabaseError`, with what mends it, also where there is none and `may_create` is
        false: then none is made.
        """
        parsed = parse_url(url)
        if is_sqlite(parsed) and file_of(parsed).is_dir():
            raise DatabasePlaceError(f"{shown(parsed)}: is a folder: name a file for the database")
        if not (may_create or database_exists(url)):
            raise _missing(parsed)
        self.engine = make_engine(parsed)
        try:
            if not is_sqlite(parsed):
                self.engine.connect().close()  # a server that is not there is said at once; what it cuts is tried again
            with _one_process_at_a_time(self.engine):
                _repeated(lambda: _migrate(self.engine, may_create=may_create))
        except OSError as error:
            self.engine.dispose()
            self.engine = _engine_for_reading(parsed, error)

    @contextmanager
    def unit_of_work(self) -> Iterator[UnitOfWork]:
        """Opens a transaction for reading and writing, rolled back unless committed. Keep it short: other writers wait.

        Raises `DatabaseBusyError`, `DatabaseLostError` (try again) and `DatabaseError`.
        """
        with Session(self.engine) as session:
            yield UnitOfWork(session)

    def transact(self, work: Callable[[UnitOfWork], Result]) -> Result:
        """Does `work` in a transaction of its own and commits it; returns its result.

        Where a server cuts the connection, all of it is done again: whether the commit was kept cannot be known, so
        `work` must bear being done twice. SQLite never asks for that. Raises as `unit_of_work`.
        """
        return _repeated(lambda: self._transact(work))

    def read(self, work: Callable[[UnitOfWork], Result]) -> Result:
        """Does `work` in a snapshot, and again where a server cuts the connection; returns its result."""

        def look() -> Result:
            with self.snapshot() as uow:
                return work(uow)

        return _repeated(look)

    def _transact(self, work: Callable[[UnitOfWork], Result]) -> Result:
        with self.unit_of_work() as uow:
            result = work(uow)
            uow.commit()
            return result

    @contextmanager
    def snapshot(self) -> Iterator[UnitOfWork]:
        """Opens a transaction for reading: it never waits for a writer, nor makes one wait, and cannot be committed."""
        with Session(self.engine.execution_options(reads_only=True)) as session:
            yield UnitOfWork(session, read_only=True)

    def back_up(self) -> None:
        """Copies an SQLite database to a file beside it, see `storage.backups`; a server's is its keeper's business.

        Raises `DatabaseError` when that fails, and when the database's own file has vanished since it was opened.
        """
        if not is_sqlite(self.engine.url):
            return
        path = file_of(self.engine.url)
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


def _repeated(work: Callable[[], Result]) -> Result:
    """Does `work` until no server cuts the connection meanwhile, a few times at most. Raises `DatabaseLostError`."""
    for _ in range(_TRIES - 1):
        try:
            return work()
        except DatabaseLostError as error:
            logger.warning("%s; trying again", error)
    return work()


def database_exists(url: str) -> bool:
    """Tells whether there is something to open: an SQLite URL's file, not emptied. A server is taken to be there.

    Raises `DatabaseUrlError`.
    """
    parsed = parse_url(url)
    return not is_sqlite(parsed) or (file_of(parsed).exists() and file_of(parsed).stat().st_size > 0)


def restore_database(url: str) -> tuple[Path, Path | None] | None:
    """Puts the newest sound backup of an SQLite database in its place, unless the database is sound.

    Returns the backup, and where the broken database lies now (None: there was none); None for a sound database.
    Raises `DatabaseError` when there is nothing to restore it from, `DatabaseUrlError` for a server's.
    """
    parsed = parse_url(url)
    if not is_sqlite(parsed):
        raise DatabaseUrlError(f"{shown(parsed)}: only an SQLite database is backed up here; see your server's backups")
    path = file_of(parsed)
    if is_sound(path):
        return None
    sound = [copy for copy in backups(path) if is_sound(copy)]
    if not sound:
        raise DatabaseError(f"{path}: there is no sound backup beside it; {REBUILD}")
    try:
        with _locked(path):
            return sound[0], put_back(path, sound[0])
    except OSError as error:
        raise DatabaseError(f"{path}: cannot be put in place: {error}") from error


def database_name(url: str) -> str:
    """Returns what messages call the database: the path of an SQLite file, else the URL without its password.

    Raises `DatabaseUrlError`.
    """
    return shown(parse_url(url))


def alembic_config(connection: Connection | None = None) -> Config:
    """Returns Alembic's configuration for our migrations, on an open connection."""
    from alembic.config import Config  # here, as below: most processes find the newest schema, and start sooner

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _migrate(engine: Engine, *, may_create: bool) -> None:
    """Upgrades the schema to the newest revision. Raises `DatabaseError` for one that this version does not know."""
    known = revisions()
    with engine.execution_options(reads_only=True).connect() as connection:
        current = _revision_of(connection)
        nameless = current is None and inspect(connection).has_table("books")
    if current == known[-1]:
        return
    if nameless:
        raise DatabaseError(f"{shown(engine.url)}: does not say which version of Talepress made it{mend(engine.url)}")
    if current is None and not may_create:
        raise _missing(engine.url)
    if current is not None and current not in known:
        raise DatabaseError(
            f"{shown(engine.url)}: made by a newer version of Talepress (schema {current}): upgrade Talepress"
        )
    if current is not None and is_sqlite(engine.url):
        _back_up(engine)
    import alembic.command

    with migration_connection(engine) as connection:
        alembic.command.upgrade(alembic_config(connection), "head")


def revisions() -> list[str]:
    """Lists the revisions of the schema, the oldest first: the numbers of their files' names."""
    return sorted(path.name.partition("_")[0] for path in (_MIGRATIONS / "versions").glob("[0-9]*.py"))


def _revision_of(connection: Connection) -> str | None:
    """The revision that a database says it has; None where it says nothing."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return revision


def _engine_for_reading(url: URL, reason: OSError) -> Engine:
    """Makes the engine of an SQLite file whose folder cannot be written to: on a read-only disk, or another user's.

    Raises `DatabasePlaceError` where there is none, or an older one that would have to be upgraded.
    """
    if file_of(url).is_file():
        engine = make_engine(url, reads_only=True)
        with engine.execution_options(reads_only=True).connect() as connection:
            if _revision_of(connection) == revisions()[-1]:
                return engine
        engine.dispose()
    raise place_error(url, reason) from reason


@contextmanager
def _one_process_at_a_time(engine: Engine) -> Iterator[None]:
    """Holds the lock of migrations: the first connection creates the file and turns WAL on, two at once would fail."""
    if is_sqlite(engine.url):
        with _locked(file_of(engine.url)):
            yield
    else:  # whoever comes second waits for the first one's transaction, and finds nothing to do
        yield


@contextmanager
def migration_connection(engine: Engine) -> Iterator[Connection]:
    """Opens a transaction for changing the schema, committed at its end. Raises `DatabaseError` for orphaned rows."""
    if not is_sqlite(engine.url):
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
                raise DatabaseError(f"{shown(engine.url)}: a migration left a row of {broken[0]} without its parent")
    finally:
        unchecked.dispose()


def _missing(url: URL) -> DatabaseError:
    return DatabaseError(f"{shown(url)}: there is no library in it, though its audio is there{mend(url)}")


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Holds the lock of an SQLite file. Says so when it has to wait, and raises `DatabaseBusyError` after a while."""
    lock = FileLock(f"{path}.migrate.lock")
    try:
        lock.acquire(timeout=_SILENT_SECONDS)
    except Timeout:
        logger.warning("%s: waiting for another process that is opening it ...", path)
        try:
            lock.acquire(timeout=BUSY_SECONDS)
        except Timeout as error:
            raise DatabaseBusyError(
                f"{path}: another process has been opening it for {BUSY_SECONDS:.0f} s, perhaps a suspended one: "
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
        back_up(connection.driver_connection, file_of(engine.url))
    except sqlite3.Error as error:
        raise clear_error(engine.url, error) or error from error
    finally:
        connection.close()
