"""Converts book files of other programs to EPUB, by calibre's `ebook-convert`. Must not know what is in either."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from tasks.errors import UnreadableBookError

_PROGRAM = "ebook-convert"
TIME_LIMIT_S = 600.0
_MESSAGE_CHARS = 300


@contextmanager
def converted(path: Path, suffix: str, time_limit_s: float = TIME_LIMIT_S) -> Iterator[Path]:
    """Makes an EPUB of a book file, in a temporary folder that lives as long as the block.

    Args:
        path: the book file.
        suffix: of its format, ".mobi"; the file's own name may lie, and is never shown to calibre.
        time_limit_s: after so many seconds the conversion is stopped with all that it started.

    Raises:
        UnreadableBookError: there is no calibre, or it fails.
    """
    program = shutil.which(_PROGRAM)
    if program is None:
        raise UnreadableBookError(
            f"{path.name} is a {suffix} book, for which calibre's {_PROGRAM} is needed and not on the PATH; install "
            "calibre (calibre-ebook.com), or convert the book to EPUB with it elsewhere"
        )
    with tempfile.TemporaryDirectory(prefix="talepress-") as folder:
        source = Path(folder, f"book{suffix}")
        target = Path(folder, "book.epub")
        shutil.copyfile(path, source)
        _run([program, str(source), str(target)], folder, path.name, time_limit_s)
        if not target.is_file() or not target.stat().st_size:
            raise UnreadableBookError(f"{path.name}: {_PROGRAM} ended without a book; try it by hand to see why")
        yield target


def _run(command: list[str], folder: str, name: str, time_limit_s: float) -> None:
    """Runs calibre to its end. Raises `UnreadableBookError` where it fails or takes too long."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,  # calibre starts helpers of its own
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen", "CALIBRE_CONFIG_DIRECTORY": str(Path(folder, "settings"))},
    )
    try:
        output, _ = process.communicate(timeout=time_limit_s)
    except BaseException as error:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if isinstance(error, subprocess.TimeoutExpired):
            message = (
                f"{name}: {_PROGRAM} was stopped after {time_limit_s:.0f} seconds; convert the book to EPUB by hand"
            )
            raise UnreadableBookError(message) from error
        raise
    if process.returncode:
        _raise_failure(name, process.returncode, output)


def _raise_failure(name: str, exit_code: int, output: str) -> NoReturn:
    """Raises `UnreadableBookError` with what calibre said last."""
    if "DRM" in output:
        raise UnreadableBookError(f"{name} is protected by DRM; Talepress reads only unprotected books")
    last = next((line.strip() for line in reversed(output.splitlines()) if line.strip()), "no message")
    raise UnreadableBookError(f"{name}: {_PROGRAM} failed with exit code {exit_code}: {last[:_MESSAGE_CHARS]}")
