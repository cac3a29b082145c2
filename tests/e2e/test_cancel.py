"""A run is cancelled within 25 seconds, whichever way it comes, its row and its state say so, and the next one goes on.

The command's own Ctrl-C and SIGTERM are in `test_stopping.py`. One box for the module.
"""

import os
import signal
import time

import pytest

from tests.e2e.box import Box, is_alive

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

BAR_SECONDS = 25.0
ONE_BY_ONE = {"TALEPRESS_SYNTHESIZE__BATCH_SIZE": "1", "TALEPRESS_EXECUTION__THREADS": "1"}
SLOW = {**ONE_BY_ONE, "TALEPRESS_SYNTHESIZE__MODEL": '{"seconds_per_request": 2}'}
STUCK = {**ONE_BY_ONE, "TALEPRESS_SYNTHESIZE__MODEL": '{"seconds_per_request": 90}'}  # longer than anybody waits


@pytest.fixture(scope="module")
def box(tmp_path_factory):
    box = Box(tmp_path_factory.mktemp("box"))
    box.start()
    yield box
    if box.process.poll() is None:
        box.end()


def speaking(box, environment):
    """A run that is speaking. Returns its id and the number of runs before it."""
    before = len(box.rows("SELECT id FROM runs"))
    run = box.make(box.fresh_book(), environment=environment, voice="tone")
    box.wait_until(lambda: len(box.rows("SELECT id FROM runs WHERE state = 'running'")) > 0)
    time.sleep(2)  # its engine begins
    return run, before


def require_cancelled(box, run, before, began):
    """Waits until the run is cancelled, and checks its row and when that was."""
    state = box.wait(run)["state"]
    assert time.monotonic() - began < BAR_SECONDS
    assert (state["type"], state["name"]) == ("CANCELLED", "Cancelled"), (state, box.logs())
    rows = box.rows("SELECT state, message FROM runs ORDER BY started_at")
    assert rows[before:] == [("stopped", "stopped by the user")]
    require_no_task_under_way(box, run, began)


def require_no_task_under_way(box, run, began):
    """Waits until no task run is left behind: they are told of after their run, within the same time."""

    def kinds():
        tasks = box.api("POST", "/task_runs/filter", {"flow_runs": {"id": {"any_": [run]}}})
        return {task["state"]["type"] for task in tasks}

    while not kinds() <= {"COMPLETED", "CANCELLED"}:
        assert time.monotonic() - began < BAR_SECONDS, (kinds(), box.logs())
        time.sleep(0.5)


def require_next(box):
    """The next run makes the book."""
    run = box.wait(box.make(box.fresh_book(), voice="tone"))
    assert run["state"]["type"] == "COMPLETED", box.logs()


@pytest.mark.parametrize("environment", [SLOW, STUCK], ids=["slow", "stuck"])
def test_from_prefects_page(box, environment):
    run, before = speaking(box, environment)
    began = time.monotonic()
    box.set_state(run, "CANCELLING", "Cancelling")
    require_cancelled(box, run, before, began)


def test_by_sigterm_to_the_worker(box):
    run, before = speaking(box, STUCK)
    pid = box.pid("worker gpu 0")
    began = time.monotonic()
    os.kill(pid, signal.SIGTERM)
    require_cancelled(box, run, before, began)
    box.wait_until(lambda: not is_alive(pid), BAR_SECONDS)
    require_next(box)  # by the worker that was started in its place


def test_by_ctrl_c_to_up(box):
    """SIGTERM ends it in `test_up.py`, by the same way."""
    run, before = speaking(box, STUCK)
    code, seconds = box.end(signal.SIGINT)
    assert (code, seconds < BAR_SECONDS) == (0, True), (code, seconds, box.lines)
    assert box.rows("SELECT state, message FROM runs ORDER BY started_at")[before:] == [
        ("stopped", "stopped by the user")
    ]
    box.start()
    state = box.flow_run(run)["state"]
    assert (state["type"], state["message"]) == ("CANCELLED", "stopped by the user")
    require_no_task_under_way(box, run, time.monotonic())
    require_next(box)


def test_before_it_has_begun(box):
    """A run whose process is still importing what it needs."""
    run = box.make(box.fresh_book(), voice="tone")
    box.wait(run, "PENDING", "RUNNING")
    box.set_state(run, "CANCELLING", "Cancelling")
    began = time.monotonic()
    state = box.wait(run)["state"]
    assert (state["type"], time.monotonic() - began < BAR_SECONDS) == ("CANCELLED", True)
    require_next(box)
