"""Whatever a run prints reaches stderr: stdout is the result's."""

import logging
import os
import sys
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from types import SimpleNamespace
from uuid import uuid4

import httpx
import pytest

from flows.actions.box import note_of, save_note
from flows.cli import launch as _launch
from flows.cli.progress import Form
from flows.order.request import Request
from flows.progress import Progress, announce
from flows.run import deployments as _deployments
from flows.run import reach
from flows.run.reach import UnrecordedEnd
from flows.services import read_settings
from tasks import stopping
from tasks.errors import BadInputError

# What Prefect's client raises where its server cannot be reached: the second where it asks for its version first.
GONE = [
    httpx.ConnectError("refused"),
    httpx.ReadTimeout("slow"),
    RuntimeError("Failed to reach API at http://gone/api"),
]


@pytest.fixture
def run(monkeypatch, home):
    """Runs a function in the place of a flow, without Prefect's server; it says whether its state is "cancelled"."""
    monkeypatch.setattr(_launch, "prepare_environment", lambda *_, **__: None)
    monkeypatch.setattr(_launch, "prefect_server", lambda *_: nullcontext())
    monkeypatch.setattr(_launch, "settle", lambda _: None)

    def call(flow):
        def ended(request, return_state):
            cancelled = flow()
            details = SimpleNamespace(flow_run_id=None)
            return SimpleNamespace(state_details=details, is_cancelled=lambda: cancelled, result=lambda: "report")

        monkeypatch.setattr(_deployments, "find_flow", lambda _: ended)
        request = Request(book="/book.md", out="/out")
        with _launch.prefect(read_settings(), verbose=False) as run_flow:
            return run_flow("any", request, Form.PLAIN)

    return call


def test_what_a_run_prints_goes_to_stderr(run, capsys):
    def chatty():
        print("a library is chatty")
        sys.stdout.write("very\n")

    assert run(chatty) == "report"
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines()[-2:] == ["a library is chatty", "very"]


def test_a_run_that_was_stopped_ends_the_command(run, monkeypatch):
    monkeypatch.setattr(stopping, "_stop", stopping._Stop())

    def stop():
        stopping._stop.requested = True
        return True

    with pytest.raises(stopping.Stopped):
        run(stop)


def test_an_exception_of_prefects_for_a_signal_is_a_stop(run, monkeypatch):
    monkeypatch.setattr(stopping, "_stop", stopping._Stop())

    def terminated():
        stopping._stop.requested = True
        raise SystemExit

    with pytest.raises(stopping.Stopped):
        run(terminated)


def test_prefect_is_prepared_before_its_server_and_the_run_is_recorded_before_that_ends(monkeypatch, home, capsys):
    done = []

    @contextmanager
    def server(timeout):
        done.append(("server", timeout))
        yield
        done.append("server ends")

    class State:
        state_details = SimpleNamespace(flow_run_id="id")

        def is_cancelled(self):
            return False

        def result(self):
            return "report"

    def flow(request, return_state):
        assert return_state is True
        announce(Progress("speak", 1, 2, request.book))
        done.append(("orderly", stopping._stop.orderly))
        return State()

    monkeypatch.setattr(stopping, "_stop", stopping._Stop())
    monkeypatch.setattr(_launch, "prepare_environment", lambda place, **options: done.append((place, options)))
    monkeypatch.setattr(_launch, "prefect_server", server)
    monkeypatch.setattr(_launch, "settle", lambda run: done.append(("settled", run, stopping._stop.orderly)))
    monkeypatch.setattr(_deployments, "find_flow", lambda name: done.append(name) or flow)
    monkeypatch.setattr(logging, "raiseExceptions", True)
    settings = read_settings(execution={"server_start_timeout_s": 7.0})
    with _launch.prefect(settings, verbose=False) as run_flow:
        assert run_flow("publish", Request(book="/book.md", out="/out"), Form.PLAIN) == "report"
    assert logging.raiseExceptions is False  # Prefect prints a trace for each line that its server misses
    assert done == [
        (home / "prefect", {"start_timeout_s": 7.0, "verbose": False}),
        ("server", 7.0),
        "publish",
        ("orderly", 1),
        ("settled", "id", 1),
        "server ends",
    ]
    assert capsys.readouterr().err.splitlines() == ["starting Prefect ...", "speak: 1/2  /book.md"]


@pytest.mark.parametrize("error", GONE)
def test_a_server_that_is_gone_before_the_run_has_begun_is_named_with_the_remedy(run, monkeypatch, error):
    asked = []
    monkeypatch.setenv("PREFECT_API_URL", "http://gone/api")

    def check(url, *, hint):
        asked.append(url)
        if len(asked) > 1:
            raise BadInputError(f"{url} does not answer: {hint}")

    def flow():
        raise error

    monkeypatch.setattr(_launch, "require_health", check)
    with pytest.raises(type(error)):  # it is there again: the fault is another
        run(flow)
    with pytest.raises(BadInputError, match=r"http://gone/api .* run the same command again"):
        run(flow)


@pytest.mark.parametrize("outcome", ["report", ValueError("no")])
def test_a_server_that_goes_when_all_is_done_takes_nothing_from_the_run(run, monkeypatch, outcome):
    """Prefect's own request fails, which records the end after we have looked whether the server is there."""
    monkeypatch.setattr(_launch, "end_at_once", lambda: None)

    def flow():
        reach._came_to[uuid4()] = outcome
        raise httpx.ConnectError("refused")

    with pytest.raises(ValueError, match="no") if outcome != "report" else nullcontext():
        assert run(flow) == outcome


def test_what_the_run_before_came_to_is_not_taken_for_that_of_the_next(run, monkeypatch):
    reach._came_to[uuid4()] = "the other book's report"
    monkeypatch.setenv("PREFECT_API_URL", "http://gone/api")
    monkeypatch.setattr(_launch, "require_health", lambda *_, **__: None)

    def flow():
        raise httpx.ConnectError("refused")

    with pytest.raises(httpx.ConnectError):
        run(flow)


@pytest.mark.parametrize("error", GONE)
def test_a_server_that_goes_while_the_last_is_told_costs_nothing(run, monkeypatch, error):
    def settle(_):
        raise error

    monkeypatch.setattr(_launch, "settle", settle)
    assert run(lambda: None) == "report"
    error = OSError("another fault")
    with pytest.raises(OSError, match="another fault"):
        run(lambda: None)


@pytest.mark.parametrize("fault", [ValueError("no"), SystemExit(3), RuntimeError("Failed to say")])
def test_what_a_run_raises_where_nobody_has_stopped_it_passes(run, monkeypatch, fault):
    monkeypatch.setattr(stopping, "_stop", stopping._Stop())

    def flow():
        raise fault

    with pytest.raises(type(fault)):
        run(flow)


@pytest.mark.parametrize(("error", "stopped"), [(None, False), (ValueError("no"), False), (None, True)])
def test_a_run_that_outlived_its_server_ends_as_its_work_deserves(run, monkeypatch, capsys, error, stopped):
    ends = []
    monkeypatch.setattr(stopping, "_stop", stopping._Stop(requested=stopped))
    monkeypatch.setattr(_launch, "end_at_once", lambda: ends.append("at once"))

    def flow():
        raise UnrecordedEnd("the book's report", error)

    if error or stopped:
        with pytest.raises(ValueError if error else stopping.Stopped):
            run(flow)
    else:
        assert run(flow) == "the book's report"
    assert ends == ["at once"]
    assert "which the book does not depend on" in capsys.readouterr().err


@pytest.fixture
def asked(monkeypatch, home):
    """What Prefect is prepared for, and which server was asked whether it is there."""
    calls = []
    home.mkdir()
    monkeypatch.setenv("PREFECT_API_URL", "")
    monkeypatch.setattr(_launch, "prepare_environment", lambda place, **options: calls.append((place, options)))
    monkeypatch.setattr(_launch, "require_health", lambda url, hint: calls.append(url))
    return calls


@pytest.mark.parametrize(("given", "url"), [("", "http://of-up/api"), ("http://mine/api", "http://mine/api")])
def test_a_command_asks_the_users_server_or_that_of_the_box(asked, monkeypatch, home, given, url):
    monkeypatch.setenv("PREFECT_API_URL", given)
    save_note(home, note_of("http://of-up/api", datetime.now(UTC), ()))
    _launch.use_server(read_settings(execution={"server_start_timeout_s": 7.0}))
    assert os.environ["PREFECT_API_URL"] == url
    assert asked == [(home / "prefect", {"start_timeout_s": 7.0, "verbose": False}), url]


def test_where_no_server_is_the_remedies_are_told(asked):
    with pytest.raises(BadInputError, match="start `talepress up`, or set PREFECT_API_URL"):
        _launch.use_server(read_settings())
    assert asked == []


def test_a_deployment_is_started_once(monkeypatch):
    monkeypatch.setattr(_deployments, "start", lambda *asked: asked)
    assert _launch.start_deployment("publish", "request", "once") == ("publish", "request", "once")
