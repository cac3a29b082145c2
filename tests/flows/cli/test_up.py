"""`talepress up` and `down`: a box is ended by its note."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from flows.actions.box import note_of, read_note, save_note
from flows.cli import up
from flows.operate import up as _operate_up

BOX = """
import sys, time
from datetime import UTC, datetime
from pathlib import Path
from flows.actions.box import note_of, save_note
home = Path(sys.argv[1])
home.mkdir(parents=True, exist_ok=True)
save_note(home, note_of("http://127.0.0.1:1/api", datetime.now(UTC), ()))
print("up", flush=True)
time.sleep(60)
"""


@pytest.fixture
def box(home):
    """A process that runs as a box does."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", BOX, str(home)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout.readline() == "up\n"
        yield process
        process.kill()


def test_down_ends_what_runs_and_waits_for_it(box, home, talepress):
    ended = talepress("down")
    assert (ended.code, ended.err) == (0, "stopped\n")
    assert box.wait(timeout=10) == -signal.SIGTERM
    assert read_note(home) is None
    assert talepress("down").err == f"nothing runs with the data folder {home}\n"


def test_what_does_not_end_is_named_with_the_last_resort(home, talepress, monkeypatch):
    monkeypatch.setattr(up, "END_SECONDS", 0.0)
    monkeypatch.setattr(up, "LOOK_SECONDS", 0.01)
    killed = []
    monkeypatch.setattr(up.os, "kill", lambda *asked: killed.append(asked))
    home.mkdir()
    save_note(home, replace(note_of("", datetime.now(UTC), ()), pid=os.getpid()))
    ended = talepress("down")
    assert (ended.code, f"`kill -9 {os.getpid()}`" in ended.err) == (3, True)
    assert killed == [(os.getpid(), signal.SIGTERM)]


def test_up_says_when_it_is_over(home, talepress, monkeypatch):
    monkeypatch.setattr(_operate_up, "up", lambda settings, tell: tell(f"runs in {settings.storage.folder}"))
    assert talepress("up").err == f"runs in {home}\nstopped\n"
