"""The door that looks for runs whose process is gone."""

import logging

import pytest

from flows import sweep as door
from flows.operate.sweep import Swept


@pytest.mark.usefixtures("home")
def test_what_a_sweep_finds_is_logged(monkeypatch, caplog):
    caplog.set_level(logging.INFO, "flows.sweep")
    done = []
    monkeypatch.setattr(door, "send_logs", lambda: done.append("logs"))
    monkeypatch.setattr(door, "introduce_process", lambda: done.append("introduced"))
    monkeypatch.setattr(door.sweeping, "sweep", lambda services: done.append("swept") or Swept(again=["One · tone"]))
    door.sweep.fn()
    assert done == ["logs", "introduced", "swept"]
    assert caplog.messages == ["started again: One · tone"]
