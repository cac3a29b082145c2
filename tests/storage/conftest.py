"""A database for each test, migrated once and copied."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.database import Database, database_name
from storage.repository import UnitOfWork


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'data' / 'talepress.db'}"


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database at the newest schema: copying it is faster than migrating for every test."""
    path = tmp_path_factory.mktemp("migrated") / "talepress.db"
    Database(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def database(database_url: str, migrated: Path) -> Iterator[Database]:
    path = Path(database_name(database_url))
    path.parent.mkdir()
    shutil.copyfile(migrated, path)
    database = Database(database_url)
    yield database
    database.close()


@pytest.fixture
def uow(database: Database) -> Iterator[UnitOfWork]:
    """A unit of work that is rolled back after the test."""
    with database.unit_of_work() as unit:
        yield unit
