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


@pytest.fixture
def plain(tmp_path, monkeypatch) -> Path:
    """A database with what Prefect's tables have that is looked at."""
    monkeypatch.setattr(pruning, "LARGE_BYTES", 1)
    path = tmp_path / "plain.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            "CREATE TABLE flow_run (id, state_type, created); CREATE TABLE log (flow_run_id);"
            "CREATE TABLE artifact (id, flow_run_id); CREATE TABLE artifact_collection (latest_id);"
            "CREATE TABLE events (occurred); CREATE TABLE event_resources (occurred);"
        )
    return path


def fill(database, runs):
    """Writes runs, each with its state and its age in hours, and with a log line and an artifact of its own."""
    with closing(sqlite3.connect(database)) as connection:
        for number, (state, hours) in enumerate(runs):
            when = connection.execute("SELECT datetime('now', ?)", (f"-{hours} hours",)).fetchone()[0]
            connection.execute("INSERT INTO flow_run VALUES (?, ?, ?)", (number, state, when))
            for table in ("events", "event_resources"):
                connection.execute(f"INSERT INTO {table} VALUES (?)", (when,))
        for number in (None, *range(len(runs))):
            connection.execute("INSERT INTO log VALUES (?)", (number,))
            connection.execute("INSERT INTO artifact VALUES (?, ?)", (f"of {number}", number))
            connection.execute("INSERT INTO artifact_collection VALUES (?)", (f"of {number}",))
        connection.commit()


def column(database, table, name):
    with closing(sqlite3.connect(database)) as connection:
        return [row[0] for row in connection.execute(f"SELECT {name} FROM {table} ORDER BY 1")]


@pytest.mark.parametrize(
    ("older", "kept"),
    [
        ([("COMPLETED", 20), ("FAILED", 20), ("CANCELLED", 20), ("CRASHED", 20)], []),
        ([("RUNNING", 20), ("SCHEDULED", 23)], [10, 11]),
        ([("RUNNING", 25), ("PAUSED", 20)], [11]),
    ],
    ids=["ended", "perhaps they run", "killed, and the other may run"],
)
def test_beside_the_last_runs_only_those_are_kept_that_may_still_run(plain, older, kept):
    fill(plain, [("COMPLETED", 1)] * 10 + older)
    pruning.prune(plain)
    kept = [*range(10), *kept]
    assert column(plain, "flow_run", "id") == kept
    assert column(plain, "log", "flow_run_id") == column(plain, "artifact", "flow_run_id") == [None, *kept]
    assert column(plain, "artifact_collection", "latest_id") == sorted(f"of {number}" for number in (None, *kept))
    (oldest,) = set(column(plain, "flow_run", "min(created)"))
    for table in ("events", "event_resources"):
        assert min(column(plain, table, "occurred")) == oldest


def test_a_database_is_made_smaller_once_it_is_large(plain, monkeypatch):
    fill(plain, [("COMPLETED", 1)] * 11)
    size = plain.stat().st_size
    for least, left in ((size + 1, 11), (size, 10)):
        monkeypatch.setattr(pruning, "LARGE_BYTES", least)
        pruning.prune(plain)
        assert len(column(plain, "flow_run", "id")) == left
    assert pruning.KEPT_RUNS == 10


def test_the_database_of_a_long_book_is_not_large_yet():
    """Its 10,000 utterances leave 16 MiB: their command must not wait for a tidying up, nor the disk fill."""
    assert 16 << 20 < pruning.LARGE_BYTES < 256 << 20


def test_the_room_of_what_was_taken_out_is_given_back(plain):
    with closing(sqlite3.connect(plain)) as connection:
        connection.execute("CREATE TABLE big AS SELECT zeroblob(100000) AS bytes")
        connection.execute("DROP TABLE big")
        connection.commit()
    pruning.prune(plain)
    assert plain.stat().st_size < 50_000
