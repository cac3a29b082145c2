"""How a run ends in Prefect's eyes, and that its task runs end with it."""

from dataclasses import replace
from uuid import uuid4

import pytest
from prefect.client.schemas.objects import StateType

from flows.order.report import flagged_sentence
from flows.run import endings
from storage.records import RunState
from tests.flows.operate.prefect_client import answer
from tests.flows.order.test_report import REPORT


def test_a_run_without_doubts_ends_by_its_report():
    report = replace(REPORT, state=RunState.DONE)
    assert endings.of(report) is report


@pytest.mark.parametrize(("state", "name"), [(RunState.FLAGGED, "Flagged"), (RunState.REVIEW, "AwaitingReview")])
def test_what_people_should_look_at_is_completed_by_a_name_of_its_own(state, name):
    report = replace(REPORT, state=state, waits_for="2 takes", review="http://page")
    ended = endings.of(report)
    assert (ended.type, ended.name) == (StateType.COMPLETED, name)
    assert ended.message == ("2 takes: http://page" if state is RunState.REVIEW else flagged_sentence(report))
    assert ended.result() is report


def test_a_run_that_the_user_stops_is_cancelled_and_so_are_its_task_runs(monkeypatch):
    done = []

    class Client:
        def set_flow_run_state(self, run_id, state, *, force):
            done.append((run_id, state.type, state.message, force))

    answer(monkeypatch, endings, Client())
    monkeypatch.setattr(endings.EventsWorker, "drain_all", lambda timeout: done.append("drained"))
    monkeypatch.setattr(endings, "end_task_runs", lambda run_id: done.append(("task runs", run_id)))
    run_id = uuid4()
    endings.cancel(run_id)
    assert done == [
        "drained",
        (run_id, StateType.CANCELLED, endings.STOPPED_BY_USER, True),
        ("task runs", run_id),
    ]
