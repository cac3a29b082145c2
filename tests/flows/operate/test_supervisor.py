"""Processes are started in order, started again when they die, and ended in the opposite order."""

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from flows.operate import supervisor as _supervisor
from flows.operate.supervisor import FIRST_WAIT_SECONDS, Part, Supervisor
from tasks import stopping
from tasks.errors import TalepressError

ROOT = Path(__file__).resolve().parents[3]
WAIT_SECONDS = 30.0

# Writes a line into a file when it begins and when it is told to end.
PART = """
import signal, sys, time
def note(word):
    with open("order", "a") as file:
        file.write(f"{word} {sys.argv[1]}\\n")
def end(*_):
    note("end")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
note("begin")
while True:
    time.sleep(0.05)
"""


@pytest.fixture
def supervised(tmp_path, monkeypatch):
    """A supervisor of processes that run in a folder, and what it says."""
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "noting_part.py").write_text(PART)
    (tmp_path / "modules" / "failing_part.py").write_text("import sys\nsys.exit('no such thing')\n")
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{tmp_path / 'modules'}"}
    lines = []
    (tmp_path / "modules" / "clearing_part.py").write_text("with open('order', 'a') as file: file.write('clear\\n')")
    clearing = Part("clearing", ("clearing_part",))
    supervisor = Supervisor(environment, tmp_path, lines.append, lambda running: None, clearing)
    yield supervisor, lines, tmp_path / "order"
    supervisor.stop()


def part(name, order=None, **options):
    ready = (lambda: order.exists() and f"begin {name}" in order.read_text()) if order else (lambda: True)
    return Part(name, ("noting_part", name), ready=ready, **options)


def wait_for(condition):
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_groups_begin_in_order_and_end_in_the_opposite_order(supervised):
    supervisor, _, order = supervised
    supervisor.begin([part("server", order)], WAIT_SECONDS)
    supervisor.begin([part("worker", order)], WAIT_SECONDS)
    supervisor.stop()
    assert order.read_text().split("\n")[:4] == ["begin server", "begin worker", "end worker", "end server"]
    assert all(one.pid == 0 for one in supervisor.running)


def watch_a_death(supervisor, order, monkeypatch, until):
    """Has a supervisor watch its worker being killed, until a line has been written twice. Returns the worker."""
    supervisor.begin([part("worker", order)], WAIT_SECONDS)
    (worker,) = supervisor.running
    over = threading.Event()
    monkeypatch.setattr(stopping, "requested", over.is_set)
    watching = threading.Thread(target=supervisor.watch)
    watching.start()
    os.kill(worker.pid, signal.SIGKILL)
    wait_for(lambda: order.read_text().count(until) == 2)
    over.set()
    watching.join()
    return worker


def test_what_dies_is_started_again(supervised, monkeypatch):
    supervisor, lines, order = supervised
    worker = watch_a_death(supervisor, order, monkeypatch, until="begin worker")
    assert worker.starts == 2
    assert lines == [f"worker ended by itself (signal 9): starting it again in {FIRST_WAIT_SECONDS:.0f} s"]


def test_what_a_death_leaves_is_cleared_up_when_others_have_noticed_it(supervised, monkeypatch):
    supervisor, _, order = supervised
    monkeypatch.setattr(_supervisor, "REMAINS_SECONDS", (1.5, 3.0))
    worker = watch_a_death(supervisor, order, monkeypatch, until="clear")
    assert (worker.starts, supervisor.running) == (2, [worker])  # what clears up is not kept running


def test_what_does_not_start_is_told_with_its_log(supervised):
    supervisor, _, _ = supervised
    with pytest.raises(TalepressError, match=r"broken page ended while it was starting: .*broken-page.log says why"):
        supervisor.begin([Part("broken page", ("failing_part",), ready=lambda: False)], WAIT_SECONDS)
    assert "no such thing" in supervisor.log_of("broken page").read_text()


def test_what_does_not_end_is_killed(supervised):
    supervisor, lines, order = supervised
    stubborn = PART.replace("    sys.exit(0)\n", "")
    (order.parent / "modules" / "noting_part.py").write_text(stubborn)
    supervisor.begin([part("worker", order, stop_s=0.3)], WAIT_SECONDS)
    supervisor.stop()
    assert lines == ["worker did not end in 0 s: killed"]
