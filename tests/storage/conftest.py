"""A database for each test, migrated once and copied; on SQLite and on PostgreSQL, where a test does not say which."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.database import Database, database_name
from storage.repository import UnitOfWork
from storage.schema import Base
from tests.storage.servers import PostgresCluster, S3Server, postgres_cluster, s3_server


@pytest.fixture(params=["sqlite", "postgresql"])
def backend(request) -> str:
    """Which kind of database the test is on. `tests.storage.servers.sqlite_only` is for what SQLite alone does."""
    return request.param


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresCluster]:
    with postgres_cluster() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def postgres_database(postgres: PostgresCluster) -> str:
    """A database at the newest schema that tests share: emptying it is ten times faster than making one."""
    name = postgres.create()
    Database(postgres.url(name)).close()
    return postgres.url(name)


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Server]:
    with s3_server() as server:
        yield server


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database at the newest schema: copying it is faster than migrating for every test."""
    path = tmp_path_factory.mktemp("migrated") / "talepress.db"
    Database(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def database_url(backend: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of the test's database. Without the fixture `database` there is none yet, or it has no tables yet."""
    if backend == "sqlite":
        yield f"sqlite:///{tmp_path / 'data' / 'talepress.db'}"
    elif "database" in request.fixturenames:
        yield request.getfixturevalue("postgres_database")
    else:
        cluster = request.getfixturevalue("postgres")
        name = cluster.create()
        yield cluster.url(name)
        cluster.drop(name)


@pytest.fixture
def database(backend: str, database_url: str, migrated: Path) -> Iterator[Database]:
    """An empty database. A test that changes its schema for good must make its own at `database_url`."""
    if backend == "sqlite":
        path = Path(database_name(database_url))
        path.parent.mkdir()
        shutil.copyfile(migrated, path)
    database = Database(database_url)
    yield database
    if backend == "postgresql":
        with database.engine.begin() as connection:
            for table in reversed(Base.metadata.sorted_tables):
                connection.execute(table.delete())
    database.close()


@pytest.fixture
def uow(database: Database) -> Iterator[UnitOfWork]:
    """A unit of work that is rolled back after the test."""
    with database.unit_of_work() as unit:
        yield unit
