"""A private server that dies is started again on the same socket, but not for ever; one that is stopped stays dead."""

import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from flows.run import private_server
from flows.run.private_server import PrivateServer
from tasks.errors import TalepressError

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


@pytest.fixture
def children(monkeypatch):
    """Has servers be `sleep`; returns the list of all that were started."""
    started = []

    def start(self):
        started.append(subprocess.Popen(["sleep", "600"], stdin=subprocess.PIPE))
        return started[-1]

    monkeypatch.setattr(PrivateServer, "_start", start)
    monkeypatch.setattr(private_server, "STOP_TIMEOUT_SECONDS", 0)
    yield started
    for child in started:
        child.kill()
        child.wait()
        child.stdin.close()


def wait_until(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_one_that_dies_is_started_again_while_the_socket_stays_open(listener, children, tmp_path):
    server = PrivateServer(listener, tmp_path / "log")
    server.keep()
    for number in (1, 2):
        children[-1].kill()
        wait_until(lambda number=number: len(children) == number + 1)
        server.check()
        socket.create_connection(listener.getsockname()).close()
    server.stop()


def test_one_that_dies_again_and_again_is_given_up_with_its_socket(listener, children, tmp_path, monkeypatch):
    monkeypatch.setattr(private_server, "MOST_RESTARTS", 1)
    PrivateServer(listener, tmp_path / "log").keep()
    children[0].kill()
    wait_until(lambda: len(children) == 2)
    children[1].kill()
    wait_until(lambda: listener.fileno() == -1)
    assert len(children) == 2


def test_one_that_is_stopped_is_not_started_again(listener, children, tmp_path):
    server = PrivateServer(listener, tmp_path / "log")
    server.keep()
    server.stop()
    assert children[0].poll() is not None
    assert listener.fileno() == -1
    time.sleep(0.05)  # in which a keeper would have started another
    assert len(children) == 1


def test_one_that_ends_while_it_starts_is_said_with_its_log(listener, children, tmp_path):
    server = PrivateServer(listener, tmp_path / "log")
    children[0].kill()
    children[0].wait()
    with pytest.raises(TalepressError, match=r"ended with code -9; its log is .*log"):
        server.check()


def test_a_process_of_its_own_serves_the_socket_and_is_tied_to_us(listener, tmp_path, monkeypatch):
    started = []
    monkeypatch.setenv("PYTHONPATH", "/mine")
    monkeypatch.setattr(
        subprocess, "Popen", lambda command, **options: started.append((command, options)) or SimpleNamespace()
    )
    (tmp_path / "log").write_text("before\n")
    PrivateServer(listener, tmp_path / "log")
    ((command, options),) = started
    assert command == [sys.executable, "-m", "flows.run.server", str(listener.fileno())]
    environment = options.pop("env")
    (log,) = {options.pop("stdout"), options.pop("stderr")}
    assert (log.name, log.mode, (tmp_path / "log").read_text()) == (str(tmp_path / "log"), "ab", "before\n")
    assert options == {"stdin": subprocess.PIPE, "pass_fds": [listener.fileno()], "start_new_session": True}
    assert environment == {
        **os.environ,
        "PYTHONPATH": f"{ROOT}:/mine",
        "PREFECT__SERVER_EPHEMERAL": "1",
        "PREFECT__SERVER_FINAL": "1",
        "PREFECT_UI_ENABLED": "0",
        "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "WARNING",
    }


@pytest.mark.parametrize("given", ["", "/mine"])
def test_a_child_in_any_folder_finds_these_packages_first(monkeypatch, given):
    monkeypatch.setenv("PYTHONPATH", given)
    assert private_server.import_path().split(":") == [str(ROOT), *filter(None, [given])]


@pytest.mark.parametrize(
    ("stopped", "lives", "seconds", "killed"),
    [(False, 3.0, 3.0, False), (False, 99.0, 15.0, True), (True, 0.5, 0.5, False), (True, 99.0, 1.0, False)],
    ids=["ends", "hangs", "ends at once", "hangs, and the user waits"],
)
def test_a_server_has_time_to_end_but_not_for_ever(monkeypatch, stopped, lives, seconds, killed):
    """One that is left to itself when the user waits ends by itself: its pipe is closed."""

    class Child:
        stdin = SimpleNamespace(close=lambda: events.append("pipe closed"))
        dead = False

        def poll(self):
            return 0 if self.dead or clock.now >= lives else None

        def kill(self):
            events.append("killed")
            self.dead = True

    def sleep(pause):
        clock.now += pause

    events = []
    clock = SimpleNamespace(now=0.0, monotonic=lambda: clock.now, sleep=sleep)
    monkeypatch.setattr(private_server, "time", clock)
    monkeypatch.setattr(private_server.stopping, "requested", lambda: stopped)
    private_server._stop(Child())
    assert events == ["pipe closed", *(["killed"] if killed else [])]
    assert clock.now == pytest.approx(seconds, abs=0.2)


def test_one_that_is_stopped_while_it_is_started_again_stays_dead(listener, children, tmp_path, monkeypatch):
    server = PrivateServer(listener, tmp_path / "log")
    starting = threading.Event()
    go_on = threading.Event()
    start = PrivateServer._start

    def slowly(self):
        starting.set()
        assert go_on.wait(60)
        return start(self)

    monkeypatch.setattr(PrivateServer, "_start", slowly)
    server.keep()
    children[0].kill()
    assert starting.wait(60)
    stopping = threading.Thread(target=server.stop)
    stopping.start()
    stopping.join(0.05)
    assert stopping.is_alive() and listener.fileno() != -1, "the new process would outlive its command"
    go_on.set()
    stopping.join(60)
    assert [child.poll() is not None for child in children] == [True, True]
    assert listener.fileno() == -1
