"""Copies of an SQLite database beside it: `talepress.db.1` is the newest, `.2` and `.3` are older.

A copy appears under its name whole or not at all. This module must not know the tables, nor who asks for a copy.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

KEPT = 3
_BESIDE = ("-wal", "-shm")  # what SQLite keeps of a database outside its file


def back_up(connection: Any, path: Path) -> None:
    """Copies the database at `path` to `path.1`; older copies move on by one, and the oldest goes.

    Args:
        connection: an open `sqlite3.Connection` to it, without a transaction.
        path: the database's file.

    Raises `sqlite3.Error` or `OSError` (disk full); then the older copies are as they were.
    """
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.backup-") as folder:
        copy = Path(folder) / path.name
        connection.execute("VACUUM INTO ?", (str(copy),))
        _flush(copy)
        for number in range(KEPT, 1, -1):
            if _numbered(path, number - 1).exists():
                _numbered(path, number - 1).replace(_numbered(path, number))
        copy.replace(_numbered(path, 1))
    _flush(path.parent)


def backups(path: Path) -> tuple[Path, ...]:
    """Lists the copies of the database at `path`, the newest first."""
    return tuple(copy for number in range(1, KEPT + 1) if (copy := _numbered(path, number)).is_file())


def is_sound(path: Path) -> bool:
    """Tells whether there is an SQLite database at `path`, whole, with tables in it."""
    if not path.is_file():
        return False
    try:
        with closing(sqlite3.connect(path)) as connection:
            tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            return bool(tables) and connection.execute("PRAGMA quick_check").fetchone()[0] == "ok"
    except sqlite3.Error:
        return False


def put_back(path: Path, copy: Path) -> Path | None:
    """Puts a copy in the place of the database at `path`, which nobody may have open.

    Returns where the old one lies now (`path.broken-...`), None when there was none. Raises `OSError`.
    """
    aside = path.with_name(f"{path.name}.broken-{datetime.now(UTC):%Y%m%dT%H%M%S}")
    had = path.exists()
    for suffix in ("", *_BESIDE):  # a journal of the old one would be played into the new one
        old = path.with_name(path.name + suffix)
        if old.exists():
            old.replace(aside.with_name(aside.name + suffix))
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    shutil.copyfile(copy, name)
    _flush(Path(name))
    Path(name).replace(path)
    _flush(path.parent)
    return aside if had else None


def _numbered(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.{number}")


def _flush(path: Path) -> None:
    """Makes a file, or the names in a folder, survive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
