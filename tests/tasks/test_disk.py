"""Errors of the file system in words, and files that are published whole or not at all."""

import errno
import os
import resource
import shutil
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest
import soundfile

from tasks.disk import check_output_folder, output_errors, publish, require_writable
from tasks.errors import OutputError


@pytest.mark.parametrize(
    ("number", "message"),
    [
        (errno.ENOSPC, "out: the disk is full"),
        (errno.EDQUOT, "out: the disk is full"),
        (errno.EFBIG, "out: the disk is full"),
        (errno.EROFS, "out: cannot be written .*choose another folder"),
        *(
            (number, "out: cannot be written")
            for number in (
                errno.EACCES,
                errno.EPERM,
                errno.ENOTDIR,
                errno.EEXIST,
                errno.EISDIR,
                errno.ENAMETOOLONG,
            )
        ),
    ],
)
def test_what_the_user_can_do_something_about(number, message):
    with pytest.raises(OutputError, match=message), output_errors("out"):
        raise OSError(number, "trouble")


def test_other_errors_pass():
    with pytest.raises(ConnectionError), output_errors("out"):
        raise ConnectionError("cable")


@pytest.mark.parametrize(("free", "error"), [((1 << 20) - 1, OutputError), (1 << 20, soundfile.SoundFileError)])
def test_libsndfile_does_not_say_why_so_the_free_space_decides(tmp_path, monkeypatch, free, error):
    monkeypatch.setattr(shutil, "disk_usage", lambda place: SimpleNamespace(free=free))
    with pytest.raises(error), output_errors(tmp_path):
        raise soundfile.SoundFileError("write failed")


def test_a_place_that_is_no_path_has_no_free_space_to_look_at():
    with pytest.raises(soundfile.SoundFileError), output_errors("s3://bucket/out"):
        raise soundfile.SoundFileError("write failed")


def test_output_folders_are_made_and_left_clean(tmp_path):
    check_output_folder(tmp_path / "a" / "b")
    assert list((tmp_path / "a" / "b").iterdir()) == []
    check_output_folder(tmp_path / "a" / "b")
    (tmp_path / "file").touch()
    with pytest.raises(OutputError):
        check_output_folder(tmp_path / "file")


@pytest.mark.parametrize("check", [check_output_folder, require_writable])
def test_a_byte_is_written_in_the_folder_itself(tmp_path, monkeypatch, check):
    """Not where temporary files go by default, which may be another disk; and a full disk lets empty files be made."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    check(tmp_path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))  # no file may have a byte
    try:
        with pytest.raises(OutputError, match="the disk is full"):
            check(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_what_is_in_the_way_of_a_folder_is_named(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "unplugged")
    for name in ("file", "link"):
        with pytest.raises(OutputError, match=rf"cannot be written, .*/{name} is not a folder; choose another"):
            require_writable(tmp_path / name / "below" / "out")


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="there is no folder that looks writable and is not")
def test_a_folder_in_which_no_files_can_be_made():
    with pytest.raises(OutputError, match=r"^/proc/out: no files can be made in /proc; choose another folder$"):
        require_writable(Path("/proc/out"))


def test_folders_that_are_missing_are_made_from_the_top(tmp_path):
    (tmp_path / "temporary").write_text("new")
    publish(tmp_path / "temporary", tmp_path / "a" / "b" / "c" / "final")
    assert (tmp_path / "a" / "b" / "c" / "final").read_text() == "new"


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="the system does not name open files")
def test_publishing_leaves_nothing_open(tmp_path):
    (tmp_path / "temporary").write_text("new")
    publish(tmp_path / "temporary", tmp_path / "folder" / "final")
    opened = [str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    assert not [name for name in opened if name.startswith(str(tmp_path))]


def test_publishing_replaces_the_older_file(tmp_path):
    (tmp_path / "final").write_text("old")
    (tmp_path / "temporary").write_text("new")
    publish(tmp_path / "temporary", tmp_path / "final")
    assert [path.name for path in tmp_path.iterdir()] == ["final"]
    assert (tmp_path / "final").read_text() == "new"


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="the system does not name open files")
@pytest.mark.parametrize("place", ["final", "new folder/final"])
def test_publishing_flushes_the_file_then_renames_it_then_flushes_the_name(tmp_path, monkeypatch, place):
    """In another order a power cut may leave an empty file under the final name, or no file."""
    temporary = tmp_path / "temporary"
    temporary.write_text("new")
    final = tmp_path / place
    steps = []
    fsync = os.fsync
    rename = Path.replace

    def note_flush(descriptor):
        steps.append(("flush", Path(f"/proc/self/fd/{descriptor}").readlink().relative_to(tmp_path).as_posix()))
        fsync(descriptor)

    def note_rename(path, target):
        steps.append(("rename", path.name))
        return rename(path, target)

    monkeypatch.setattr(os, "fsync", note_flush)
    monkeypatch.setattr(Path, "replace", note_rename)
    publish(temporary, final)
    made = [("flush", ".")] if place != "final" else []  # the new folder's own name
    folder = final.parent.relative_to(tmp_path).as_posix()
    assert steps == [*made, ("flush", "temporary"), ("rename", "temporary"), ("flush", folder)]
    assert final.read_text() == "new"


def test_there_must_be_as_much_room_as_the_forecast_says(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda place: SimpleNamespace(free=5 << 20))
    require_writable(tmp_path / "out", needed_bytes=5 << 20)
    with pytest.raises(OutputError, match="about 5 MiB are needed and 5 MiB are free"):
        require_writable(tmp_path / "out", needed_bytes=(5 << 20) + 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda place: SimpleNamespace(free=0))
    require_writable(tmp_path / "out")  # a byte was written; no more is asked for
