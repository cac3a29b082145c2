"""A run says that it lives while its block lasts, whatever fails meanwhile, and not a moment longer."""

import threading
import time

import pytest

from flows.run.heartbeat import BEAT_SECONDS, heartbeat
from storage.errors import DatabaseBusyError, DatabaseFullError, DatabaseLostError
from storage.processes import _SILENCE_AFTER


class Database:
    """Counts beats; some of them fail."""

    def __init__(self, failures=0, error=DatabaseBusyError):
        self.beats = []
        self._failures = failures
        self._error = error
        self.runs = self

    def transact(self, work):
        work(self)
        if len(self.beats) <= self._failures:
            raise self._error("another process is writing, or the server is being started again")

    def beat(self, run_id):
        self.beats.append(run_id)


def wait_for(condition):
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.mark.parametrize(
    ("failures", "error"), [(0, None), (2, DatabaseBusyError), (2, DatabaseLostError), (2, DatabaseFullError)]
)
def test_a_run_beats_until_its_block_ends_though_a_beat_fails(failures, error):
    database = Database(failures, error)
    with heartbeat(database, "run", 0.01):
        wait_for(lambda: len(database.beats) > failures + 1)
    count = len(database.beats)
    time.sleep(0.05)
    assert (len(database.beats), set(database.beats)) == (count, {"run"})
    assert "heartbeat" not in [thread.name for thread in threading.enumerate()]


def test_the_beats_end_when_the_block_fails():
    with pytest.raises(ValueError, match="no"), heartbeat(Database(), "run", 0.01):
        raise ValueError("no")
    assert "heartbeat" not in [thread.name for thread in threading.enumerate()]


def test_a_beat_that_waits_does_not_hold_up_the_end():
    database = Database()
    waiting = threading.Event()
    database.beat = lambda run_id: waiting.wait(5)
    began = time.monotonic()
    with heartbeat(database, "run", 0.05):
        time.sleep(0.1)
    assert time.monotonic() - began < 2
    waiting.set()


def test_several_beats_may_be_lost_before_a_run_is_taken_for_dead():
    assert _SILENCE_AFTER.total_seconds() > BEAT_SECONDS * 10
    assert BEAT_SECONDS >= 1, "each is a write, for which others wait"


def test_a_beat_that_hangs_keeps_no_process_from_its_end():
    with heartbeat(Database(), "run", 0.01):
        (beating,) = [thread for thread in threading.enumerate() if thread.name == "heartbeat"]
        assert beating.daemon
