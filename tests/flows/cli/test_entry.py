"""The first lines of a process: signals are answered, and a stop has its exit code."""

import gc
import sys

import pytest

from flows.cli import entry
from tasks import stopping


@pytest.fixture
def entered(monkeypatch):
    """Enters with a command that ends so. Returns what was done, in order."""
    done = []
    monkeypatch.setattr(stopping, "heed_signals", lambda: done.append("signals"))
    monkeypatch.setattr(stopping, "wind_up", lambda: done.append("wound up"))
    monkeypatch.setattr(stopping, "say", done.append)
    threshold = gc.get_threshold()

    def enter(run):
        def main():
            done.append("command")
            run()

        monkeypatch.setattr("flows.cli.main.main", main)
        entry.main()

    yield enter, done
    gc.set_threshold(*threshold)
    gc.unfreeze()


def test_signals_are_answered_before_the_command_and_raise_nothing_after_it(entered):
    enter, done = entered
    enter(lambda: None)
    assert done == ["signals", "command", "wound up"]
    assert gc.get_threshold()[0] == 20_000
    assert gc.get_freeze_count() > 0, "as it ends, Python looks through all objects"


def test_a_stop_is_said_and_has_its_own_code(entered):
    enter, done = entered

    def stop():
        raise stopping.Stopped(stopping.STOPPED)

    with pytest.raises(SystemExit) as ended:
        enter(stop)
    assert ended.value.code == 130
    assert done == ["signals", "command", stopping.STOPPED, "wound up"]


def test_other_ends_pass(entered):
    enter, done = entered
    with pytest.raises(SystemExit) as ended:
        enter(lambda: sys.exit(3))
    assert (ended.value.code, done[-1]) == (3, "wound up")
