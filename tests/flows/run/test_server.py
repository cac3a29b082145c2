"""Prefect's server: the user's own is named where it does not answer, ours ends with its command."""

import os
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from flows.run import server as _server
from tasks.errors import BadInputError

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/api", "file:///etc/hostname", "nonsense"])
def test_a_server_of_the_users_that_does_not_answer_is_named(monkeypatch, url):
    monkeypatch.setenv("PREFECT_API_URL", url)
    with pytest.raises(BadInputError, match="PREFECT_API_URL") as error, _server.prefect_server(5):
        pass
    assert url in str(error.value)
    assert "\n" not in str(error.value)


@pytest.fixture
def answering():
    """Runs a server that gives one answer to everything; yields a function from the answer to its URL."""
    servers = []

    def start(body, status=200):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(status if "health" not in self.path else 200)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/api"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("body", [b"true", b"", b"<html>", b'"2.20.1"', b"\xff", b"[" * 100, b'"3' + b"0" * 1000])
def test_a_server_that_answers_nonsense_is_refused_in_one_line(monkeypatch, answering, body):
    monkeypatch.setenv("PREFECT_API_URL", answering(body))
    with pytest.raises(BadInputError, match="is no Prefect 3 server") as error, _server.prefect_server(5):
        pass
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 500


def test_a_server_that_does_not_speak_http_is_refused_in_one_line(monkeypatch):
    def greet(listener):
        connection, _ = listener.accept()
        with connection:
            connection.sendall(b"SSH-2.0-OpenSSH\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=greet, args=(listener,), daemon=True).start()
        monkeypatch.setenv("PREFECT_API_URL", f"http://127.0.0.1:{listener.getsockname()[1]}/api")
        with pytest.raises(BadInputError, match="does not answer") as error, _server.prefect_server(5):
            pass
    assert "\n" not in str(error.value)


def test_a_server_without_that_page_is_refused(monkeypatch, answering):
    monkeypatch.setenv("PREFECT_API_URL", answering(b"", 404))
    with pytest.raises(BadInputError, match="HTTP 404"), _server.prefect_server(5):
        pass


@pytest.mark.parametrize(("body", "status"), [(b'"3.9.1"', 200), (b"who are you?", 401)])
def test_a_prefect_server_is_taken_with_a_password_too(monkeypatch, answering, body, status):
    monkeypatch.setenv("PREFECT_API_URL", answering(body, status))
    with _server.prefect_server(5):
        pass


def test_what_the_user_has_set_stays(monkeypatch, tmp_path):
    monkeypatch.delitem(sys.modules, "prefect", raising=False)
    monkeypatch.setattr(os, "environ", {"PREFECT_HOME": "mine"})
    _server.prepare_environment(tmp_path, start_timeout_s=90, verbose=False)
    assert os.environ["PREFECT_HOME"] == "mine"
    assert os.environ["DO_NOT_TRACK"] == "1"
    assert os.environ["PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS"] == "90"


def test_the_server_process_ends_when_its_parent_does(tmp_path):
    """The kernel closes a killed parent's end of the pipe; closing it here is the same to the server."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        child = subprocess.Popen(
            [sys.executable, "-m", "flows.run.server", str(listener.fileno())],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=[listener.fileno()],
            env={**os.environ, "PREFECT_HOME": str(tmp_path)},
        )
    try:
        child.stdin.close()
        child.wait(240)
    finally:
        child.kill()
        child.wait()
    assert child.returncode != -9


def test_a_commands_own_server_is_reached_from_this_machine_alone(monkeypatch, tmp_path):
    class Listening:
        def __init__(self, listener, log):
            self.listener = listener
            assert listener.getsockname()[0] == "127.0.0.1"

        def keep(self):
            pass

        def stop(self):
            self.listener.close()

    monkeypatch.setattr(_server, "PrivateServer", Listening)
    monkeypatch.setattr(_server, "_await_health", lambda *_: None)
    with _server._private_server(tmp_path, 5) as url:
        assert url.startswith("http://127.0.0.1:")
