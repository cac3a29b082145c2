"""The note of what runs is read while its process lives, and there is one `up` for a data folder."""

import dataclasses
import io
import json
import os
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flows.actions.box import PartNote, RunNote, note_of, only_one, read_note, remove_note, runs_under_way, save_note
from storage.processes import this_process
from tasks.errors import BadInputError, OutputError, TalepressError


def test_a_note_is_read_as_it_was_written_and_gone_when_removed(tmp_path):
    note = note_of("http://x/api", datetime(2026, 11, 29, tzinfo=UTC), (PartNote("Prefect", 7, 1, "http://x", "log"),))
    assert (note.process, note.pid, note.since) == (this_process(), os.getpid(), "2026-11-29T00:00:00+00:00")
    assert read_note(tmp_path) is None
    save_note(tmp_path, note)
    assert read_note(tmp_path) == note
    remove_note(tmp_path)
    assert read_note(tmp_path) is None


def test_what_a_killed_process_has_left_is_nothing(tmp_path):
    note = note_of("http://x/api", datetime.now(UTC), ())
    gone = " ".join([*note.process.split(" ")[:-1], "1"])  # the same number, started at another time
    save_note(tmp_path, dataclasses.replace(note, process=gone))
    assert read_note(tmp_path) is None


def test_a_second_up_is_refused_with_what_to_do(tmp_path):
    with only_one(tmp_path), pytest.raises(BadInputError, match="talepress down"), only_one(tmp_path):
        pass
    with pytest.raises(KeyError), only_one(tmp_path), only_one(tmp_path / "another folder"):
        raise KeyError
    with only_one(tmp_path):
        pass


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"parts": []}', '{"parts": [{"name": "x"}]}', '{"parts": [], "more": 1}', "\xff"]
)
def test_a_file_that_is_no_note_is_nothing(tmp_path, text):
    (tmp_path / "up.json").write_bytes(text.encode("latin-1"))
    assert read_note(tmp_path) is None


class Server:
    """Prefect's server with two runs of one flow; notes what it is asked."""

    def __init__(self):
        self.asked = []

    def answer(self, request, timeout):
        assert (request.get_method(), request.get_header("Content-type")) == ("POST", "application/json")
        assert 0 < timeout <= 30
        self.asked.append((request.full_url, json.loads(request.data)))
        state = {"name": "Late", "timestamp": "2026-11-29T08:15:30.123456+00:00"}
        runs = [{"name": "Oz", "flow_id": "1", "state": state}, {"name": "Alice", "flow_id": "2", "state": state}]
        flows = [{"id": "1", "name": "book-to-audio"}]
        return io.BytesIO(json.dumps(runs if "flow_runs" in request.full_url else flows).encode())


def test_runs_that_run_or_wait_are_asked_for_the_first_due_first(monkeypatch):
    server = Server()
    monkeypatch.setattr(urllib.request, "urlopen", server.answer)
    since = "2026-11-29T08:15:30"
    assert runs_under_way("http://x/api") == [
        RunNote("Oz", "book-to-audio", "Late", since),
        RunNote("Alice", "", "Late", since),
    ]
    asked = dict(server.asked)
    assert list(asked) == ["http://x/api/flow_runs/filter", "http://x/api/flows/filter"]
    question = asked["http://x/api/flow_runs/filter"]
    assert question["sort"] == "EXPECTED_START_TIME_ASC"
    assert question["flow_runs"]["state"] == {
        "operator": "or_",
        "type": {"any_": ["RUNNING", "PENDING", "CANCELLING"]},
        "name": {"any_": ["Late", "AwaitingRetry"]},
    }


@pytest.mark.parametrize("fault", [ConnectionRefusedError("refused"), None], ids=["silent", "nonsense"])
def test_a_server_that_does_not_answer_is_named(monkeypatch, fault):
    def answer(*_, **__):
        if fault:
            raise fault
        return io.BytesIO(b"<html>")

    monkeypatch.setattr(urllib.request, "urlopen", answer)
    with pytest.raises(TalepressError, match="does not answer at http://x/api/flow_runs/filter"):
        runs_under_way("http://x/api")


def test_a_note_that_cannot_be_put_in_its_place_leaves_the_one_before(tmp_path, monkeypatch):
    """Who reads meanwhile reads the whole of one of the two."""
    before = note_of("http://before/api", datetime.now(UTC), ())
    save_note(tmp_path, before)

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OutputError):
        save_note(tmp_path, dataclasses.replace(before, api="http://after/api"))
    assert read_note(tmp_path) == before
