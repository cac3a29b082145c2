"""The door that looks at the inbox."""

import logging

import pytest

from flows import watch_inbox as door
from flows.actions.inbox import Scan


@pytest.mark.usefixtures("home")
def test_a_look_at_the_inbox_begins_deployed_runs_and_says_what_was_found(monkeypatch, caplog):
    caplog.set_level(logging.INFO, "flows.watch_inbox")
    monkeypatch.setenv("TALEPRESS_PRODUCTION__TRIES", "7")
    done = []
    monkeypatch.setattr(door, "send_logs", lambda: done.append("logs"))
    monkeypatch.setattr(door, "introduce_process", lambda: done.append("introduced"))
    monkeypatch.setattr(door, "DeployedRuns", lambda tries: f"runs tried {tries} times")
    monkeypatch.setattr(door.inbox, "scan", lambda services, runs: done.append(runs) or Scan(begun=["a.epub"]))
    sentence = "begun: a.epub; in work: 0"
    assert door.watch_inbox.fn() == sentence
    assert done == ["logs", "introduced", "runs tried 7 times"]
    assert caplog.messages == [sentence]
