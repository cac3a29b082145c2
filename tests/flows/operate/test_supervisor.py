"""Processes are started in order, started again when they die, and ended in the opposite order."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

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


class Process:
    """A process that ends when it is told to, with a code of its own, or after so many seconds."""

    def __init__(self, world, command, options):
        self.world = world
        self.command = command
        self.options = options
        self.returncode = None
        self.pid = 100 + len(world.started)
        self.stubborn_s = 0.0

    def poll(self):
        return self.returncode

    def terminate(self):
        self.world.done.append(f"told {self.command[-1]}")

    def kill(self):
        self.world.done.append(f"killed {self.command[-1]}")
        self.returncode = -9

    def wait(self, timeout=None):
        if timeout is not None and self.returncode is None and self.stubborn_s > timeout:
            self.world.now += timeout
            raise subprocess.TimeoutExpired(self.command, timeout)
        if self.returncode is None:
            self.world.now += self.stubborn_s
            self.returncode = 0
        self.world.done.append(f"ended {self.command[-1]}")


class World:
    """A clock and processes in the place of real ones."""

    def __init__(self, monkeypatch, folder):
        self.now = 1000.0
        self.started = []
        self.done = []
        self.lines = []
        self.seen = []
        clock = SimpleNamespace(monotonic=lambda: self.now, sleep=self.sleep)
        monkeypatch.setattr(_supervisor, "time", clock)
        monkeypatch.setattr(_supervisor.subprocess, "Popen", self.start)
        clearing = Part("clearing", ("clear",), stop_s=1.0)
        self.supervisor = Supervisor({"A": "1", "B": "1"}, folder, self.lines.append, self.note, clearing)

    def start(self, command, **options):
        process = Process(self, command, options)
        self.started.append(process)
        return process

    def sleep(self, seconds):
        self.now += seconds

    def note(self, running):
        self.seen.append([(one.part.name, one.pid, one.starts) for one in running])

    def look(self, seconds):
        """Looks after everything, as `watch` does, for so long."""
        end = self.now + seconds
        while self.now < end:
            for one in self.supervisor.running:
                self.supervisor._look_after(one)
            self.supervisor._clear_up()
            self.now += 0.5

    def starts(self, name):
        return sum(process.command[-1] == name for process in self.started)


@pytest.fixture
def world(monkeypatch, tmp_path):
    return World(monkeypatch, tmp_path)


def test_a_part_is_tied_to_us_and_has_the_environment_of_all_and_its_own(world, tmp_path):
    world.supervisor.begin([Part("a page", ("module", "x"), environment={"B": "2", "C": "3"})], 5.0)
    (process,) = world.started
    assert process.command == [sys.executable, "-P", "-m", "flows.run.tied", "module", "x"]
    options = process.options
    assert options["env"] == {"A": "1", "B": "2", "C": "3"}
    assert (options["cwd"], options["start_new_session"]) == (tmp_path, True)
    assert (options["stdin"], options["stderr"]) == (subprocess.PIPE, subprocess.STDOUT)
    assert Path(options["stdout"].name) == tmp_path / "logs" / "a-page.log"
    assert world.seen == [[("a page", 100, 1)]]


def test_what_dies_again_and_again_is_started_less_and_less_often_and_at_least_once_a_minute(world):
    world.supervisor.begin([Part("x", ("x",))], 5.0)
    (one,) = world.supervisor.running
    waits = []
    for _ in range(8):
        died = world.now
        one.process.returncode = 3
        count = one.starts
        while one.starts == count:
            world.look(0.5)
        waits.append(one.started_at - died)
    assert waits == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]
    assert world.lines[1] == "x ended by itself (exit code 3): starting it again in 2 s"
    assert world.seen[1:3] == [[("x", 0, 1)], [("x", 101, 2)]]  # that it died, and that it lives again
    world.look(120.5)  # it has lived long enough
    one.process.returncode = 3
    world.look(2.0)
    assert one.starts == 10


def test_what_a_death_has_left_is_cleared_up_twice_and_anew_after_each_death(world):
    world.supervisor.begin([Part("x", ("x",))], 5.0)
    (one,) = world.supervisor.running
    world.look(300.0)
    assert world.starts("clear") == 0
    one.process.returncode = -9
    world.look(44.0)
    assert world.starts("clear") == 0
    world.look(2.0)
    assert world.starts("clear") == 1
    world.look(155.0)  # it is still at work when it is due again: it is not begun beside itself
    assert world.starts("clear") == 1
    world.started[-1].returncode = 0
    world.look(300.0)
    assert world.starts("clear") == 1
    one.process.returncode = -9
    world.look(201.0)
    assert world.starts("clear") == 2
    world.started[-1].returncode = 0
    assert _supervisor.REMAINS_SECONDS == (45.0, 200.0)


def test_all_of_a_group_are_told_at_once_and_share_their_time(world):
    supervisor = world.supervisor
    supervisor.begin([Part("server", ("server",), stop_s=5.0)], 5.0)
    supervisor.begin([Part("a", ("a",), stop_s=4.0), Part("b", ("b",), stop_s=6.0), Part("c", ("c",))], 5.0)
    _, first, second, gone = world.started
    first.stubborn_s = 100.0
    second.stubborn_s = 3.0  # more than the rest of its six seconds
    gone.returncode = 1
    began = world.now
    supervisor.stop()
    assert world.done == [
        *("told a", "told b", "killed a", "ended a", "killed b", "ended b"),
        *("told server", "ended server"),
    ]
    assert world.now - began == 6.0
    assert world.lines == ["a did not end in 4 s: killed", "b did not end in 6 s: killed"]


def test_what_clears_up_is_ended_first(world):
    world.supervisor.begin([Part("x", ("x",))], 5.0)
    world.supervisor._start(world.supervisor._remains)
    world.supervisor.stop()
    assert world.done == ["told clear", "ended clear", "told x", "ended x"]


def test_what_is_not_ready_in_time_is_named_with_its_log_and_the_setting(world, tmp_path):
    with pytest.raises(
        TalepressError, match=r"page is not ready after 5 s: .*page\.log says why; .*server_start_timeout"
    ):
        world.supervisor.begin([Part("page", ("page",), ready=lambda: False)], 5.0)
    assert world.now == pytest.approx(1005.0, abs=0.6)
    answers = [False, False, True]
    world.supervisor.begin([Part("slow", ("slow",), ready=lambda: answers.pop(0))], 5.0)


def test_a_beginning_can_be_stopped(world, monkeypatch):
    monkeypatch.setattr(stopping, "_stop", stopping._Stop(requested=True))
    with pytest.raises(stopping.Stopped):
        world.supervisor.begin([Part("page", ("page",), ready=lambda: False)], 5.0)


def test_a_log_is_added_to_until_it_is_large_and_then_put_aside(world, tmp_path, monkeypatch):
    monkeypatch.setattr(_supervisor, "MAX_LOG_BYTES", 4)
    for text in (b"ab", b"cd", b"e", b"f"):
        with world.supervisor._open_log("x") as log:
            log.write(text)
    logs = tmp_path / "logs"
    assert ((logs / "x.old.log").read_bytes(), (logs / "x.log").read_bytes()) == (b"abcde", b"f")


@pytest.mark.parametrize(("code", "words"), [(0, "exit code 0"), (3, "exit code 3"), (-9, "signal 9")])
def test_how_a_process_has_ended_is_said_by_its_code_or_its_signal(code, words):
    assert _supervisor._describe(code) == words
