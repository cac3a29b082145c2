"""The door that starts a retry of every book with doubtful takes."""

import logging

import pytest

from flows import retry_flagged as door
from flows.order.batch import FlaggedRequest


@pytest.mark.usefixtures("home")
def test_each_book_with_doubtful_takes_is_retried_as_is_asked_for(monkeypatch, caplog):
    caplog.set_level(logging.INFO, "flows.retry_flagged")
    done = []
    monkeypatch.setattr(door, "send_logs", lambda: done.append("logs"))
    monkeypatch.setattr(door, "introduce_process", lambda: done.append("introduced"))
    monkeypatch.setattr(
        door, "flagged_books", lambda services, request: [(services.settings.synthesize.voice, request)] * 3
    )
    monkeypatch.setattr(door, "start_each", lambda name, requests: done.append((name, requests)) or len(requests))
    request = FlaggedRequest(reason="short")
    door.retry_flagged.fn(request)
    assert done == ["logs", "introduced", ("retry-failed", [("tone", request)] * 3)]
    assert caplog.messages == ["3 books were started"]
