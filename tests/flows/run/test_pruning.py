"""Prefect's own database is made smaller, with the tables that the installed Prefect has."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import make_url

from flows.run import pruning

pytestmark = pytest.mark.timeout(900)  # the server's first start


@pytest.fixture(scope="module")
def three_runs(prefect_server, tmp_path_factory) -> Path:
    """A copy of the database of a server that has had three runs."""
    from prefect import flow, task
    from prefect.settings import get_current_settings

    @task(persist_result=False)
    def step():
        pass

    @flow
    def pruned_flow():
        step()

    for _ in range(3):
        pruned_flow()
    url = make_url(get_current_settings().server.database.connection_url.get_secret_value())
    copy = tmp_path_factory.mktemp("pruning") / "prefect.db"
    with closing(sqlite3.connect(url.database)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
        target.execute("PRAGMA foreign_keys = ON")
        target.execute("DELETE FROM task_run WHERE flow_run_id IS NULL")  # other tests' tasks, which ran in no flow
        target.commit()
    return copy


@pytest.fixture
def database(three_runs, tmp_path, monkeypatch) -> Path:
    """A database that counts as large, and of which one run is to stay."""
    monkeypatch.setattr(pruning, "LARGE_BYTES", 0)
    monkeypatch.setattr(pruning, "_PRUNE", pruning._PRUNE.replace(f"LIMIT {pruning.KEPT_RUNS}", "LIMIT 1"))
    return shutil.copyfile(three_runs, tmp_path / "prefect.db")


def rows(database, *tables):
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        return {table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables}


def runs(database):
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute("SELECT id FROM flow_run ORDER BY created DESC").fetchall()


def test_old_runs_go_with_all_that_is_theirs_and_the_last_one_stays(database):
    tables = ("flow_run", "task_run", "flow_run_state", "task_run_state")
    before = rows(database, *tables)
    size = database.stat().st_size
    newest = runs(database)[0]
    pruning.prune(database)
    assert runs(database) == [newest]
    after = rows(database, *tables)
    assert before["flow_run"] >= 3
    assert after["flow_run"] == 1
    assert 0 < after["flow_run_state"] < before["flow_run_state"]
    assert after["task_run"] <= 1
    assert database.stat().st_size <= size


def test_a_small_database_is_left_alone(database, monkeypatch):
    monkeypatch.setattr(pruning, "LARGE_BYTES", 1 << 40)
    before = rows(database, "flow_run")
    pruning.prune(database)
    assert rows(database, "flow_run") == before


def test_a_database_that_is_being_written_and_one_of_another_kind_are_left(database, monkeypatch, tmp_path):
    monkeypatch.setattr(pruning, "_PATIENCE_SECONDS", 0.05)
    before = rows(database, "flow_run")
    with closing(sqlite3.connect(database, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        pruning.prune(database)
        writer.execute("ROLLBACK")
    assert rows(database, "flow_run") == before
    for content in (b"", b"no database" * 1000):
        (tmp_path / "other.db").write_bytes(content)
        pruning.prune(tmp_path / "other.db")
        assert (tmp_path / "other.db").read_bytes() == content
    pruning.prune(tmp_path / "nothing.db")
    assert not (tmp_path / "nothing.db").exists()
