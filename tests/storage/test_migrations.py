"""The revisions lead to the schema, one after another, and migrating loses no row. Each revision: `migrations/`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateTable

from storage.database import Database, alembic_config, migration_connection, revisions
from storage.errors import DatabaseError
from storage.schema import Base
from tests.storage.builders import SOURCE, make_book, make_script
from tests.storage.servers import sqlite_only

REPOSITORY = Path(__file__).parents[2]


def test_the_migrations_lead_to_the_schema(database):
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []


def test_there_is_one_head_and_every_revision_says_how_to_go_back():
    scripts = ScriptDirectory.from_config(alembic_config())
    assert len(scripts.get_heads()) == 1
    chain = list(scripts.walk_revisions())  # the newest first
    assert [revision.revision for revision in reversed(chain)] == revisions()
    for revision in chain:
        assert revision.doc
        assert callable(revision.module.downgrade)


def test_revisions_are_found_in_a_folder_of_any_name(monkeypatch):
    monkeypatch.setattr("storage.database._MIGRATIONS", Path("/opt/50%off %(here)s/migrations"))
    assert alembic_config().get_main_option("script_location") == "/opt/50%off %(here)s/migrations"


@sqlite_only
def test_copying_a_parent_table_keeps_its_children(database):
    """What later migrations will do on SQLite: the copy drops the old table, whose rows have dependants."""
    with database.unit_of_work() as uow:
        uow.books.save(make_book(), make_script(make_book()))
        uow.commit()
    with migration_connection(database.engine) as connection:
        operations = Operations(MigrationContext.configure(connection))
        with operations.batch_alter_table("books", recreate="always") as batch:
            batch.alter_column("publisher", new_column_name="house")
    with database.engine.connect() as connection:
        assert connection.execute(text("SELECT house FROM books")).scalar_one() == "Nobody"
        assert connection.execute(text("SELECT count(*) FROM utterances")).scalar_one() == 6


@sqlite_only
def test_a_migration_that_orphans_rows_is_rolled_back(database):
    with database.unit_of_work() as uow:
        uow.books.save(make_book(), make_script(make_book()))
        uow.commit()
    with pytest.raises(DatabaseError, match="without its parent"), migration_connection(database.engine) as connection:
        connection.execute(text("DELETE FROM books"))
    with database.snapshot() as uow:
        assert uow.books.exists(SOURCE)


def test_two_processes_may_open_a_new_database_at_once(tmp_path, database_url):
    code = (
        "import sys, time, pathlib\n"
        "from storage.database import Database\n"
        "pathlib.Path(sys.argv[2]).write_text('ready')\n"
        "while not pathlib.Path(sys.argv[3]).exists(): time.sleep(0.001)\n"
        "Database(sys.argv[1]).close()\n"
    )
    ready = [tmp_path / f"ready{n}" for n in range(2)]
    go = tmp_path / "go"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, database_url, str(mark), str(go)],
            cwd=REPOSITORY,
            stderr=subprocess.PIPE,
            text=True,
        )
        for mark in ready
    ]
    while not all(mark.exists() for mark in ready):
        assert all(process.poll() is None for process in processes), "a process died before the start"
    go.touch()
    for process in processes:
        said = process.communicate(timeout=60)[1].splitlines()
        assert process.returncode == 0, said
        assert [line for line in said if "waiting for another process" not in line] == []  # on a busy machine
    database = Database(database_url)
    with database.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM alembic_version")).scalar_one() == 1
    database.close()


@pytest.mark.parametrize("dialect", [sqlite.dialect(), postgresql.dialect()], ids=["sqlite", "postgresql"])
def test_every_table_compiles_for_both_databases(dialect):
    for table in Base.metadata.sorted_tables:
        assert f"CREATE TABLE {table.name}" in str(CreateTable(table).compile(dialect=dialect))
