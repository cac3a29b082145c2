"""What a run asks of a Prefect server that is gone: nothing, and its end goes past Prefect."""

from contextlib import nullcontext
from types import SimpleNamespace
from uuid import uuid4

import httpx
import pytest
from prefect.client.schemas.objects import StateDetails
from prefect.exceptions import Abort, ObjectNotFound
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import Completed

from flows.run import reach
from flows.run.reach import UnrecordedEnd, attempt, report_of, require_server
from tasks.errors import TalepressError
from tests.flows.operate.prefect_client import answer

GONE = "http://127.0.0.1:9/api"


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    monkeypatch.setattr(reach, "_silence", reach._Silence())
    monkeypatch.setattr(reach, "END_SECONDS", 0)
    with temporary_settings({PREFECT_API_URL: GONE}):
        yield


@pytest.fixture
def healthy(monkeypatch):
    monkeypatch.setattr(reach, "require_health", lambda url, **others: None)


def test_a_server_that_is_gone_is_not_asked_and_not_looked_for_each_time(monkeypatch):
    looks = []

    def refuse(url, **others):
        looks.append(url)
        raise TalepressError("gone")

    monkeypatch.setattr(reach, "require_health", refuse)
    asked = []
    for _ in range(3):
        assert attempt(lambda: asked.append(1)) is None
    assert (asked, looks) == ([], [GONE])


def test_a_server_that_comes_back_is_asked_again(monkeypatch):
    monkeypatch.setattr(reach, "SILENCE_SECONDS", 0)
    assert attempt(lambda: "answer") is None
    monkeypatch.setattr(reach, "require_health", lambda url, **others: None)
    assert attempt(lambda: "answer") == "answer"


@pytest.mark.parametrize("error", [httpx.ConnectError("gone"), httpx.ReadTimeout("slow"), ObjectNotFound(KeyError())])
def test_a_request_that_the_server_does_not_take_is_left_out(healthy, error):
    def request():
        raise error

    assert attempt(request) is None


def test_an_error_of_our_own_is_not_hidden(healthy):
    with pytest.raises(ZeroDivisionError):
        attempt(lambda: 1 / 0)


def test_the_end_goes_past_prefect_with_report_or_error():
    with pytest.raises(UnrecordedEnd, match=f"the Prefect server at {GONE} is gone") as end:
        require_server(uuid4(), "report")
    assert isinstance(end.value, Abort)  # of which Prefect's engine records nothing
    assert (end.value.report, end.value.error) == ("report", None)
    error = TalepressError("broken")
    with pytest.raises(UnrecordedEnd) as end:
        require_server(uuid4(), error=error)
    assert (end.value.report, end.value.error) == (None, error)


@pytest.mark.parametrize("error", [None, KeyError("odd")])
def test_what_the_last_run_came_to_is_known_where_prefects_state_does_not_say_it(healthy, monkeypatch, error):
    monkeypatch.setattr(reach, "attempt", lambda request: True)
    flow_run_id = uuid4()
    require_server(uuid4(), report="an earlier one's")
    require_server(flow_run_id, report=None if error else "the report", error=error)
    state = Completed(state_details=StateDetails(flow_run_id=flow_run_id))
    with pytest.raises(KeyError, match="odd") if error else nullcontext():
        assert report_of(state) == "the report"
    assert report_of(Completed(data="what Prefect knows")) == "what Prefect knows"


@pytest.fixture
def client(monkeypatch, healthy):
    """A client that notes which runs it is asked for, and may know none."""

    class Client:
        def __init__(self):
            self.asked = []
            self.forgot = False

        def read_flow_run(self, flow_run_id):
            self.asked.append(flow_run_id)
            if self.forgot:
                raise ObjectNotFound(KeyError())

    return answer(monkeypatch, reach, Client())


def test_a_server_that_forgot_the_run_is_not_told_its_end(client):
    client.forgot = True
    with pytest.raises(UnrecordedEnd):
        require_server(uuid4(), "report")


def test_a_server_that_knows_the_run_is_told_its_end_though_it_was_silent(client):
    run_id = uuid4()
    reach._silence.until = float("inf")
    require_server(run_id, "report")
    assert client.asked == [run_id]


def test_the_end_waits_for_a_server_that_is_starting_again_but_not_for_ever(client, monkeypatch):
    answers = iter([False, False, True, True])
    now = iter(range(100))
    pauses = []
    clock = SimpleNamespace(monotonic=lambda: next(now), sleep=pauses.append)
    monkeypatch.setattr(reach, "time", clock)
    monkeypatch.setattr(reach, "END_SECONDS", 30)
    monkeypatch.setattr(reach, "_answers", lambda: next(answers))
    require_server(uuid4(), "report")
    assert pauses == [reach.POLL_SECONDS] * 2
    monkeypatch.setattr(reach, "_answers", lambda: False)
    with pytest.raises(UnrecordedEnd):
        require_server(uuid4(), "report")
    assert len(pauses) == 2 + 30


def test_a_server_that_prefect_starts_itself_answers(monkeypatch):
    monkeypatch.setattr(reach, "PREFECT_API_URL", SimpleNamespace(value=lambda: None))
    assert attempt(lambda: "answer") == "answer"


def test_a_server_has_a_moment_to_answer_and_is_left_alone_for_a_few_after_that(monkeypatch):
    probes = []

    def refuse(url, *, timeout, hint):
        probes.append(timeout)
        raise TalepressError("gone")

    now = SimpleNamespace(monotonic=lambda: now.at, at=100.0)
    monkeypatch.setattr(reach, "time", now)
    monkeypatch.setattr(reach, "require_health", refuse)
    for at in (100.0, 104.9, 105.1):
        now.at = at
        assert attempt(lambda: "answer") is None
    assert probes == [2.0, 2.0]


@pytest.mark.parametrize(
    ("error", "gone"),
    [
        (httpx.ConnectError("refused"), True),
        (httpx.ReadTimeout("slow"), True),
        (httpx.RemoteProtocolError("cut"), True),
        (RuntimeError("Failed to reach API at http://127.0.0.1:9/api"), True),
        (RuntimeError("Failed to read the book"), False),
        (ValueError("Failed to reach API"), False),
        (ObjectNotFound(KeyError()), False),
    ],
    ids=repr,
)
def test_a_server_is_gone_where_it_cannot_be_reached_and_not_where_something_else_is_wrong(error, gone):
    assert reach.is_gone(error) is gone


@pytest.mark.parametrize(("report", "error"), [("the report", None), (None, KeyError("odd"))])
def test_what_a_run_came_to_is_kept_until_another_begins(report, error):
    with pytest.raises(UnrecordedEnd):
        require_server(uuid4(), report, error)
    end = reach.unrecorded()
    assert (end.report, end.error) == (report, error)
    reach.forget()
    assert reach.unrecorded() is None
