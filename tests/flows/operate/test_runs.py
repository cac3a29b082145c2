"""How a run that was begun by name stands, as its states on Prefect's server say."""

from types import SimpleNamespace
from uuid import uuid4

import pytest
from prefect.client.schemas.objects import State, StateType
from prefect.exceptions import ObjectNotFound

from flows.actions.inbox import Progress, Standing
from flows.operate import runs
from flows.order.request import Request
from tests.flows.operate.prefect_client import answer

RUNNING = Standing(Progress.RUNNING)
FAILED = "Flow run encountered an exception: "  # in Prefect's words


class Client:
    """One flow run."""

    def __init__(self, run_id, state, run_count=1):
        self.run_id = run_id
        self.found = SimpleNamespace(state=state, run_count=run_count)

    def read_flow_run(self, run_id):
        if run_id != self.run_id:
            raise ObjectNotFound(Exception("no such run"))
        return self.found


def stands(monkeypatch, state, run_count=1, tries=3):
    run_id = uuid4()
    answer(monkeypatch, runs, Client(run_id, state, run_count))
    return runs.DeployedRuns(tries).stands(str(run_id))


@pytest.mark.parametrize("kind", ["SCHEDULED", "PENDING", "RUNNING", "PAUSED", "CANCELLING"])
def test_what_has_not_ended_is_running(monkeypatch, kind):
    assert stands(monkeypatch, State(type=StateType(kind))) == RUNNING
    assert stands(monkeypatch, None) == RUNNING


@pytest.mark.parametrize(("count", "running"), [(1, True), (2, True), (3, False), (4, False)])
def test_a_crash_is_the_end_once_no_tries_are_left(monkeypatch, count, running):
    state = State(type=StateType.CRASHED, message="its process is gone")
    expected = RUNNING if running else Standing(Progress.ENDED, "its process is gone")
    assert stands(monkeypatch, state, count) == expected


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (State(type=StateType.COMPLETED, message="All states completed."), ""),
        (State(type=StateType.COMPLETED, name="Flagged", message="2 doubtful"), ""),
        (
            State(type=StateType.FAILED, message="Flow run encountered an exception: BadInputError: no: text"),
            "no: text",
        ),
        (State(type=StateType.FAILED, message=f"{FAILED}Odd"), "Odd"),
        (State(type=StateType.FAILED, message="the disk is full"), "the disk is full"),
        (State(type=StateType.CANCELLED, name="Cancelled"), "Cancelled"),
    ],
)
def test_what_has_ended_says_why_where_it_failed(monkeypatch, state, message):
    assert stands(monkeypatch, state) == Standing(Progress.ENDED, message)


def test_a_run_that_nobody_knows_is_lost(monkeypatch):
    answer(monkeypatch, runs, Client(uuid4(), None))
    assert runs.DeployedRuns(1).stands(str(uuid4())) == Standing(Progress.LOST)


def test_a_run_is_begun_once_by_its_name_and_can_be_told_from_others(monkeypatch):
    begun = []
    monkeypatch.setattr(runs, "start", lambda *asked: begun.append(asked) or "id")
    request = Request(book="/b.epub", out="/out")
    assert runs.DeployedRuns(1).begin(request, "inbox-1") == "id"
    assert begun == [("book-to-audio", request, "inbox-1", ["inbox"])]
