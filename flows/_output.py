"""Where commands write: places are checked before any work, and a file appears whole or not at all."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import numpy as np
import soundfile

from tasks.disk import output_errors, publish
from tasks.errors import OutputError

_MIB = 1024 * 1024


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
        with tempfile.TemporaryFile(dir=existing) as file:
            file.write(b"\0")
        free = shutil.disk_usage(existing).free
    if free < needed_bytes:
        raise OutputError(
            f"{folder}: about {needed_bytes // _MIB} MiB are needed and {free // _MIB} MiB are free; make room first"
        )


def write_wav(path: Path, audio: np.ndarray, rate_hz: int) -> None:
    """Writes mono samples (L,) as 16-bit PCM, in a folder that is made where there is none. Raises `OutputError`."""
    folder = path.absolute().parent
    partial = folder / f".{path.name}.partial"
    with output_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        try:
            soundfile.write(partial, np.clip(audio, -1.0, 1.0), rate_hz, format="WAV", subtype="PCM_16")
            publish(partial, path)
        finally:
            partial.unlink(missing_ok=True)
