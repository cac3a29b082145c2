"""Turns trouble with disks into errors that say what the user can do. It must not know what is written or read."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import soundfile

from tasks.errors import OutputError

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
NOT_ALLOWED = frozenset(
    {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST, errno.EISDIR, errno.ENAMETOOLONG}
)
NEARLY_NOTHING_BYTES = 1 << 20
_MIB = 1024 * 1024


@contextmanager
def output_errors(place: Path | str) -> Iterator[None]:
    """Turns "no room" and "not allowed" into `OutputError` with a remedy; other errors pass.

    Args:
        place: the folder (or URL) that is written to. libsndfile does not say why writing failed, so for its errors the
            free space there decides.
    """
    try:
        yield
    except OSError as error:
        if error.errno in NO_ROOM:
            raise OutputError(f"{place}: the disk is full; free some space and run the same command again") from error
        if error.errno in NOT_ALLOWED:
            raise OutputError(f"{place}: cannot be written ({error.strerror}); choose another folder") from error
        raise
    except soundfile.SoundFileError as error:
        if Path(place).exists() and shutil.disk_usage(place).free < NEARLY_NOTHING_BYTES:
            raise OutputError(f"{place}: the disk is full; free some space and run the same command again") from error
        raise


def require_writable(folder: Path, *, needed_bytes: int = 0) -> None:
    """Raises `OutputError` unless files can be made in `folder`, or in the nearest folder above it that exists.

    Args:
        folder: where files will be written; it need not exist yet.
        needed_bytes: forecast of what will be written there.
    """
    existing = folder.absolute()
    while not existing.exists() and not existing.is_symlink():
        existing = existing.parent
    if not existing.is_dir():
        raise OutputError(f"{folder}: cannot be written, {existing} is not a folder; choose another folder")
    with output_errors(folder):
        try:
            with tempfile.TemporaryFile(dir=existing) as file:
                file.write(b"\0")
        except FileNotFoundError as error:  # a folder such as /proc
            raise OutputError(f"{folder}: no files can be made in {existing}; choose another folder") from error
        free = shutil.disk_usage(existing).free
    if free < needed_bytes:
        raise OutputError(
            f"{folder}: about {needed_bytes // _MIB} MiB are needed and {free // _MIB} MiB are free; make room first"
        )


def check_output_folder(folder: Path) -> None:
    """Makes the folder if there is none and tries to write there. Raises `OutputError`."""
    with output_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"\0")


def publish(temporary: Path, final: Path) -> None:
    """Flushes a finished file to the disk and renames it into place, over an older one.

    When this returns, a power cut leaves the new file. Before, it leaves the older one or the new one, never a part.

    Args:
        temporary: the finished file, on the same disk as `final`.
        final: its place; its folder is made when there is none, and those above it.
    """
    missing = [folder for folder in final.parents if not folder.is_dir()]
    for folder in reversed(missing):
        folder.mkdir()
        _flush_folder(folder.parent)
    with temporary.open("rb+") as file:
        os.fsync(file.fileno())
    temporary.replace(final)
    _flush_folder(final.parent)


def _flush_folder(folder: Path) -> None:
    """Makes the names in a folder survive a power cut."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
