"""Writing a folder completely or not at all."""

from pathlib import Path

import pytest

from tortoise_core.checkpoints import staging
from tortoise_core.checkpoints.staging import staged_folder
from tortoise_core.errors import CheckpointError


def test_every_file_is_on_the_disk_before_the_folder_gets_its_name(tmp_path, monkeypatch):
    events = []
    rename = Path.rename
    monkeypatch.setattr(staging.os, "fsync", lambda number: events.append(Path(f"/proc/self/fd/{number}").readlink()))
    monkeypatch.setattr(Path, "rename", lambda self, to: (events.append("rename"), rename(self, to))[1])
    with staged_folder(tmp_path / "model") as folder:
        (folder / "a").write_text("1")
        (folder / "b").write_text("2")
    assert [Path(event).name for event in sorted(events[:-1])] == ["a", "b"]
    assert events[-1] == "rename"
    assert sorted(path.name for path in (tmp_path / "model").iterdir()) == ["a", "b"]


def test_others_may_read_the_folder(tmp_path):
    with staged_folder(tmp_path / "model"):
        pass
    assert (tmp_path / "model").stat().st_mode & 0o777 == 0o755


def test_a_failure_leaves_nothing(tmp_path):
    with pytest.raises(RuntimeError), staged_folder(tmp_path / "model") as folder:
        (folder / "a").write_text("1")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_an_existing_folder_is_not_replaced(tmp_path):
    (tmp_path / "model").mkdir()
    with pytest.raises(CheckpointError, match="exists already"), staged_folder(tmp_path / "model"):
        pass
