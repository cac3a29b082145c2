"""Owns all-or-nothing writing of a folder. Must not know the files in it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tortoise_core.errors import CheckpointError


@contextmanager
def staged_folder(out: Path) -> Iterator[Path]:
    """Creates a folder beside `out` that is renamed to `out` when the block succeeds, and deleted when it fails.

    Raises `CheckpointError` where `out` exists or cannot be written (a full disk, no permission).
    """
    if out.exists():
        raise CheckpointError(f"{out} exists already: remove it or choose another folder")
    staging = None
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
        yield staging
        for path in staging.iterdir():
            _flush(path)
        staging.chmod(0o755)  # mkdtemp makes it private
        staging.rename(out)
    except OSError as error:
        raise CheckpointError(f"cannot write {out}: {error.strerror or error}") from error
    finally:
        if staging is not None:
            shutil.rmtree(staging, ignore_errors=True)


def _flush(path: Path) -> None:
    """Writes a file's data from the cache to the disk."""
    with path.open("rb") as stream:
        os.fsync(stream.fileno())
