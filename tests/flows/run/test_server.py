"""Prefect's server: the user's own is named where it does not answer, ours ends with its command."""

import os
import re
import socket
import subprocess
import sys
import threading
from contextlib import nullcontext
from http.client import IncompleteRead
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import pytest

from flows.run import server as _server
from tasks.errors import BadInputError, TalepressError

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


@pytest.mark.parametrize("url", ["http://ann:s3cret@box:4200/api", "ann:s3cret@box/api", "http://s3cret@box/api"])
def test_a_password_in_the_address_is_refused_and_not_repeated(monkeypatch, url):
    monkeypatch.setenv("PREFECT_API_URL", url)
    with pytest.raises(BadInputError, match="PREFECT_API_AUTH_STRING") as error, _server.prefect_server(5):
        pass
    assert "s3cret" not in str(error.value)


@pytest.mark.parametrize("error", [ConnectionResetError("reset"), IncompleteRead(b"")], ids=repr)
def test_a_server_that_breaks_off_is_refused_in_one_line(monkeypatch, error):
    def urlopen(request, timeout):
        if not request.endswith("/health"):
            raise error
        return nullcontext()

    monkeypatch.setenv("PREFECT_API_URL", "http://box/api")
    monkeypatch.setattr(_server.urllib.request, "urlopen", urlopen)
    with pytest.raises(BadInputError, match="is no Prefect 3 server"), _server.prefect_server(5):
        pass


@pytest.mark.parametrize("url", ["http://box/api/", "https://box/api"])
def test_a_server_is_asked_for_its_health_with_or_without_encryption(monkeypatch, url):
    asked = []
    monkeypatch.setattr(
        _server.urllib.request, "urlopen", lambda request, timeout: asked.append((request, timeout)) or nullcontext()
    )
    _server.require_health(url, timeout=7, hint="")
    assert asked == [(f"{url.removesuffix('/')}/health", 7)]


@pytest.mark.parametrize(("body", "status"), [(b'"3.9.1"', 200), (b"who are you?", 401), (b"not you", 403)])
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


@pytest.fixture
def started(monkeypatch):
    """Has commands' own servers start nothing. Returns what was done with them, in order."""
    done = []

    class Listening:
        def __init__(self, listener, log):
            assert listener.getsockname()[0] == "127.0.0.1"
            self.listener = listener
            done.append(("started", log.name))

        def keep(self):
            done.append("kept")

        def stop(self):
            self.listener.close()
            done.append("stopped")

    monkeypatch.setattr(_server, "PrivateServer", Listening)
    monkeypatch.setattr(_server, "_await_health", lambda server, url, timeout_s: done.append(("awaited", timeout_s)))
    monkeypatch.setattr(_server, "prune", lambda database: done.append(("pruned", database.name)))
    return done


@pytest.mark.parametrize("fails", [False, True])
def test_a_commands_own_server_is_reached_from_this_machine_alone_and_ends_with_it(
    monkeypatch, tmp_path, started, fails
):
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "new" / "prefect"))
    with pytest.raises(ValueError, match="no") if fails else nullcontext(), _server.prefect_server(5):
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/api", os.environ["PREFECT_API_URL"])
        assert started == [("pruned", "prefect.db"), ("started", "server.log"), ("awaited", 5), "kept"]
        if fails:
            raise ValueError("no")
    assert started[-1] == "stopped"
    assert "PREFECT_API_URL" not in os.environ
    assert (tmp_path / "new" / "prefect").is_dir()


def test_a_server_that_does_not_start_is_stopped(monkeypatch, tmp_path, started):
    def fail(*_):
        raise TalepressError("it does not answer")

    monkeypatch.setattr(_server, "_await_health", fail)
    with pytest.raises(TalepressError), _server._private_server(tmp_path, 5):
        pass
    assert started[-1] == "stopped"


def test_a_busy_server_has_a_minute_to_answer(monkeypatch):
    asked = []
    monkeypatch.setattr(
        _server.urllib.request, "urlopen", lambda url, timeout: asked.append((url, timeout)) or nullcontext()
    )
    _server.require_health("http://x/api", hint="")
    assert asked == [("http://x/api/health", 60)]


@pytest.mark.parametrize(("answers_after", "timeout_s"), [(2, 60), (99, 0), (0, 0)])
def test_a_command_waits_until_its_server_answers_but_not_for_ever(monkeypatch, tmp_path, answers_after, timeout_s):
    looks = []

    def require_health(url, *, timeout, hint):
        looks.append((url, timeout, hint))
        if len(looks) <= answers_after:
            raise TalepressError("it does not answer")

    monkeypatch.setattr(_server, "require_health", require_health)
    monkeypatch.setattr(_server, "POLL_SECONDS", 0)
    checks = []
    server = SimpleNamespace(check=lambda: checks.append(1), log=tmp_path / "log")
    with pytest.raises(TalepressError) if answers_after == 99 else nullcontext():
        _server._await_health(server, "http://x/api", timeout_s)
    assert looks[0] == ("http://x/api", 3.0, f"its log is {tmp_path / 'log'}")
    assert len(looks) == len(checks)
    assert answers_after == 99 or len(looks) == answers_after + 1


def test_a_server_whose_process_has_ended_is_not_waited_for(monkeypatch):
    def ended():
        raise TalepressError("the private Prefect server ended with code 1")

    with pytest.raises(TalepressError, match="code 1"):
        _server._await_health(SimpleNamespace(check=ended), "http://127.0.0.1:9/api", 60)


@pytest.mark.parametrize(("given", "kind"), [("http://127.0.0.1:9/api", BadInputError), (None, TalepressError)])
def test_only_a_server_of_the_users_is_the_users_fault(monkeypatch, given, kind):
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    if given:
        monkeypatch.setenv("PREFECT_API_URL", given)
    with pytest.raises(
        TalepressError, match=r"http://127.0.0.1:9/api does not answer \(.*refused.*\); see here"
    ) as error:
        _server.require_health("http://127.0.0.1:9/api", timeout=1, hint="see here")
    assert type(error.value) is kind


@pytest.mark.parametrize("verbose", [False, True])
def test_nothing_is_sent_anywhere_and_all_lies_in_one_folder(tmp_path, verbose):
    assert _server.environment_defaults(tmp_path, start_timeout_s=89.6, verbose=verbose) == {
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_TELEMETRY_ENABLE_RESOURCE_METRICS": "false",
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        "PREFECT_HOME": str(tmp_path),
        "PREFECT_LOGGING_LEVEL": "INFO",
        "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "INFO" if verbose else "CRITICAL",
        "PREFECT_LOGGING_INTERNAL_LEVEL": "ERROR" if verbose else "CRITICAL",
        "PREFECT_LOGGING_EXTRA_LOGGERS": "tortoise_core,storage,tasks,flows",
        "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "90",
    }


def test_the_environment_comes_before_prefect(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "prefect", object())
    with pytest.raises(RuntimeError, match="before Prefect is imported"):
        _server.prepare_environment(tmp_path, start_timeout_s=90, verbose=False)


@pytest.fixture
def settling(monkeypatch):
    """Settles a run whose task runs are unfinished so often. Returns how long workers may drain, and the questions."""
    from prefect.client import orchestration
    from prefect.client.schemas.objects import StateType
    from prefect.events import worker
    from prefect.logging import handlers

    def settle(run_id, unfinished, *, stopped=False):
        drained = []
        asked = []

        def read_task_runs(*, flow_run_filter, task_run_filter):
            asked.append((flow_run_filter.id.any_, set(task_run_filter.state.type.any_)))
            return [SimpleNamespace(id="task")] if unfinished[len(asked) - 1 : len(asked)] == "u" else []

        def sleep(seconds):
            clock.now += seconds

        clock = SimpleNamespace(now=0.0, monotonic=lambda: clock.now, sleep=sleep)
        monkeypatch.setattr(_server, "time", clock)
        monkeypatch.setattr(_server.stopping, "requested", lambda: stopped)
        client = SimpleNamespace(read_task_runs=read_task_runs)
        monkeypatch.setattr(orchestration, "get_client", lambda *, sync_client: nullcontext(client))
        for kind in (worker.EventsWorker, handlers.APILogWorker):
            monkeypatch.setattr(kind, "drain_all", lambda *, timeout, kind=kind: drained.append((kind, timeout)))
        _server.settle(run_id)
        seconds = 2 if stopped else 20
        assert drained == [(worker.EventsWorker, seconds), (handlers.APILogWorker, seconds)]
        open_states = {"SCHEDULED", "PENDING", "RUNNING", "PAUSED", "CANCELLING"}
        assert all(question == ([run_id], {StateType(name) for name in open_states}) for question in asked)
        return len(asked)

    return settle


def test_a_server_is_left_once_it_knows_for_certain_how_every_task_run_ended(settling):
    run_id = uuid4()
    assert settling(run_id, "") == 3
    assert settling(run_id, "-u--u") == 5 + 3
    assert settling(run_id, "u" * 1000) == 20 / _server.POLL_SECONDS
    assert settling(run_id, "u" * 1000, stopped=True) == 2 / _server.POLL_SECONDS
    assert settling(None, "u" * 1000) == 0


def test_the_servers_process_is_tied_to_its_parent_and_serves_the_socket_that_it_was_given(monkeypatch):
    import uvicorn

    done = []

    def serve(server, *, sockets):
        config = server.config
        assert (config.app, config.factory) == ("prefect.server.api.server:create_app", True)
        assert (config.log_level, config.lifespan, config.timeout_graceful_shutdown) == ("error", "on", 5)
        done.append(sockets[0].getsockname())

    monkeypatch.setattr(uvicorn.Server, "run", serve)
    monkeypatch.setattr(_server, "end_with_parent", done.append)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        _server._serve(os.dup(listener.fileno()))
        assert done == [15, listener.getsockname()]
