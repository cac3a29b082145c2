"""Prefect's server dies in a run: the private one is started again, and no book depends on any."""

import os
import sqlite3
from contextlib import closing

import pytest

from tests.e2e.conftest import Talepress
from tests.e2e.test_kill import LOGGED, database, spoken
from tests.flows.samples import BOOK, add_voice

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

PRIVATE = {
    "TALEPRESS_EXECUTION__SERVER_START_TIMEOUT_S": "800",
    "TALEPRESS_SYNTHESIZE__BATCH_SIZE": "1",
    "TALEPRESS_EXECUTION__THREADS": "1",
}
MAKE = ["make", "book.md", "--out", "out", "--json"]

# Kills the private server when the engine is asked to speak the third time.
KILL_SERVER = """
import importlib
from flows.run import private_server
private_server.MOST_RESTARTS = {restarts}
start, children = private_server.PrivateServer._start, []
def noted(self):
    children.append(start(self))
    return children[-1]
private_server.PrivateServer._start = noted
spoken, count = FakeEngine.speak, 0
def deadly(self, requests):
    global count
    count += 1
    if count == 3:
        importlib.import_module("flows.run.reach").END_SECONDS = {end_s}
        children[-1].kill()
    return spoken(self, requests)
FakeEngine.speak = deadly
"""


@pytest.fixture(scope="module")
def prefect_home(tmp_path_factory):
    return tmp_path_factory.mktemp("prefect")


@pytest.fixture
def talepress(tmp_path, prefect_home):
    """The command in a fresh data folder that knows the voice `tone`; each has a private server."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "TALEPRESS_"))}
    command = Talepress(tmp_path / "home", tmp_path, {**kept, "PREFECT_HOME": str(prefect_home)})
    (tmp_path / "book.md").write_text(BOOK, "utf-8")
    add_voice(command.home)
    return command


def make(talepress, *, restarts, end_s):
    return talepress(*MAKE, before=LOGGED + KILL_SERVER.format(restarts=restarts, end_s=end_s), **PRIVATE)


def unforeseen(ended):
    """The lines on stderr that are neither progress nor expected."""
    expected = ("starting Prefect", "synthesize: ", "master: ", "package: ")
    return [line for line in ended.err.splitlines() if not line.startswith(expected)]


def test_a_private_server_that_is_killed_is_started_again_and_has_the_runs_end(talepress, prefect_home):
    ended = make(talepress, restarts=5, end_s=300)
    assert (ended.code, unforeseen(ended)) == (0, []), ended.err
    assert ended.json["rendered"] == len(spoken(talepress)) == 10
    with closing(sqlite3.connect(prefect_home / "prefect.db")) as prefect:
        states = prefect.execute("SELECT state_type FROM flow_run WHERE name LIKE 'The Small Book%'").fetchall()
    assert states == [("COMPLETED",)]


def test_a_run_whose_server_is_gone_for_good_finishes_says_so_in_a_line_and_ends_as_it_should(talepress):
    ended = make(talepress, restarts=0, end_s=0)
    assert ended.code == 0, ended.err
    (line,) = unforeseen(ended)
    assert line.startswith("the Prefect server at http://127.0.0.1:")
    assert line.endswith("is gone: its page does not show how this run ended, which the book does not depend on")
    assert ended.json["rendered"] == len(spoken(talepress)) == 10
    assert database(talepress, "SELECT state FROM runs") == [("done",)]
