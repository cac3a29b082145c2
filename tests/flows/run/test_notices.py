"""What people and Prefect are told at a run's end. With a real server of theirs: tests/flows/test_notices.py."""

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest

from flows.order.request import Request
from flows.run import notices
from storage.records import RunState
from tests.flows.order.test_report import REPORT

REQUEST = Request(book="/books/The Book.epub", out="/out")


@pytest.fixture
def told(voiced_home, monkeypatch):
    """Events and messages, in the order in which they are told; the run that is under way."""
    run = SimpleNamespace(id="run", run_count=1)
    events = []
    messages = []
    monkeypatch.setattr(notices, "runtime", SimpleNamespace(flow_run=run))
    monkeypatch.setattr(notices, "emit_event", lambda name, **content: events.append((name, content)))
    monkeypatch.setattr(notices, "send", lambda *message: messages.append(message))
    monkeypatch.setenv("TALEPRESS_NOTIFY__ADDRESSES", json.dumps(["json://a"]))
    return SimpleNamespace(events=events, messages=messages, run=run)


@pytest.mark.parametrize("state", [RunState.DONE, RunState.FLAGGED])
def test_a_finished_book_is_told_with_its_files(told, state):
    report = replace(REPORT, state=state)
    notices.tell_end(REQUEST, report)
    files = "\n".join(file.path for file in report.edition.files)
    text = f"{len(report.flagged)} doubtful takes\n{files}"
    title = f"{report.title}: finished"
    assert told.messages == [(("json://a",), title, text)]
    assert told.events == [
        (
            "talepress.book.finished",
            {
                "resource": {"prefect.resource.id": "talepress.run.run-1", "prefect.resource.name": "The Book"},
                "payload": {"book": REQUEST.book, "title": title, "text": text},
            },
        )
    ]


def test_a_book_that_waits_for_people_is_told_with_where_it_is_heard(told):
    notices.tell_end(REQUEST, replace(REPORT, state=RunState.REVIEW, waits_for="2 takes", review="http://page"))
    assert told.messages == [(("json://a",), f"{REPORT.title}: to be heard", "2 takes\nhttp://page")]
    assert [name for name, _ in told.events] == ["talepress.review.wanted"]


@pytest.mark.parametrize(("error", "text"), [(ValueError("no\n room"), "no room"), (KeyError(), "KeyError")])
def test_a_failure_is_told_in_one_line(told, error, text):
    notices.tell_failure(REQUEST, error)
    assert told.messages == [(("json://a",), "The Book: failed", text)]
    assert [name for name, _ in told.events] == ["talepress.book.failed"]


def test_each_end_of_each_try_is_told_once(told):
    for _ in range(2):
        notices.tell_failure(REQUEST, ValueError("no"))
    assert len(told.messages) == 1
    told.run.run_count = 2
    notices.tell_failure(REQUEST, ValueError("no"))
    notices.tell_end(REQUEST, replace(REPORT, state=RunState.DONE))
    assert len(told.messages) == 3


def test_what_was_not_sent_is_not_sent_again(told, monkeypatch):
    """Once at most: a message that was sent and whose sender then died must not come twice."""

    def fail(*message):
        told.messages.append(message)
        raise OSError("no network")

    monkeypatch.setattr(notices, "send", fail)
    for _ in range(2):
        notices.tell_failure(REQUEST, ValueError("no"))
    assert len(told.messages) == 1


def test_nobody_needs_an_address_and_no_book_fails_by_an_event(told, monkeypatch):
    monkeypatch.setenv("TALEPRESS_NOTIFY__ADDRESSES", "[]")
    notices.tell_failure(REQUEST, ValueError("no"))
    assert (told.messages, len(told.events)) == ([], 1)

    def fail(*_, **__):
        raise OSError("no server")

    monkeypatch.setattr(notices, "emit_event", fail)
    notices.tell_failure(REQUEST, ValueError("no"))
