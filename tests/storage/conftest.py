from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL

from storage.database import Database
from storage.repository import UnitOfWork


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    return URL.create("sqlite", database=str(tmp_path / "data" / "talepress.db")).render_as_string()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    yield database
    database.close()


@pytest.fixture
def uow(database: Database) -> Iterator[UnitOfWork]:
    """A unit of work that is rolled back after the test."""
    with database.unit_of_work() as unit:
        yield unit
