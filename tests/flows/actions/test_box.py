"""The note of what runs is read while its process lives, and there is one `up` for a data folder."""

import dataclasses
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flows.actions.box import PartNote, note_of, only_one, read_note, remove_note, save_note
from tasks.errors import BadInputError, OutputError


def test_a_note_is_read_as_it_was_written_and_gone_when_removed(tmp_path):
    note = note_of("http://x/api", datetime(2026, 11, 29, tzinfo=UTC), (PartNote("Prefect", 7, 1, "http://x", "log"),))
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
    with only_one(tmp_path):
        pass


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
