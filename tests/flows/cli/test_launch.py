"""Whatever a run prints reaches stderr: stdout is the result's."""

import sys
from contextlib import nullcontext
from types import SimpleNamespace

import pytest

from flows.cli import launch as _launch
from flows.cli.progress import Form
from flows.order.request import Request
from flows.run import deployments as _deployments
from flows.services import read_settings
from tasks import stopping


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
