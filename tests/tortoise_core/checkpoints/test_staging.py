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


def test_what_stands_at_the_place_already_stays_as_it_is(tmp_path):
    (tmp_path / "model").write_text("a file")
    with pytest.raises(CheckpointError, match="exists already"), staged_folder(tmp_path / "model"):
        pytest.fail("nothing may be made for it")
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_folders_above_are_made_and_nothing_is_left_beside(tmp_path):
    with staged_folder(tmp_path / "a" / "b" / "model") as folder:
        assert folder.parent == tmp_path / "a" / "b"  # on the same disk, so that it can be renamed
        assert folder.name.startswith(".model.")
    assert [path.name for path in (tmp_path / "a" / "b").iterdir()] == ["model"]


def test_trouble_with_the_disk_is_said_in_words(tmp_path):
    (tmp_path / "file").touch()
    in_the_way = pytest.raises(CheckpointError, match=r"^cannot write .*model: (Not a directory|File exists)$")
    with in_the_way, staged_folder(tmp_path / "file" / "model"):
        pass
    full = pytest.raises(CheckpointError, match=r"^cannot write .*other: No space left on device$")
    with full, staged_folder(tmp_path / "other"):
        raise OSError(28, "No space left on device")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_of_two_that_write_one_folder_the_second_is_told(tmp_path):
    with pytest.raises(CheckpointError, match="cannot write"), staged_folder(tmp_path / "model") as folder:
        (folder / "a").touch()
        (tmp_path / "model").mkdir()
        (tmp_path / "model" / "b").touch()
    assert [path.name for path in (tmp_path / "model").iterdir()] == ["b"]
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
