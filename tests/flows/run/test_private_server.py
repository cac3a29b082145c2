"""A private server that dies is started again on the same socket, but not for ever; one that is stopped stays dead."""

import socket
import subprocess
import time

import pytest

from flows.run import private_server
from flows.run.private_server import PrivateServer
from tasks.errors import TalepressError


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
