"""Finds and runs the ffmpeg program. It must not know what a book is.

The binary that the package imageio-ffmpeg carries is used, so that every machine writes the same files, unless another
is named (`package.ffmpeg`). It gets an argument list, never a shell's command line.
"""

from __future__ import annotations

import errno
import functools
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Sequence

import imageio_ffmpeg
import numpy as np

from tasks.errors import BadInputError, OutputError, TalepressError

SHOWN_STDERR_CHARS = 300


def ffmpeg_path(chosen: str = "") -> str:
    """Finds the ffmpeg program.

    Args:
        chosen: its path, or its name on PATH; "" for the packaged one, or one on PATH where the package has none.

    Raises:
        BadInputError: there is no such program.
        TalepressError: there is none at all.
    """
    if chosen:
        found = shutil.which(chosen)
        if found is None:
            raise BadInputError(f"package.ffmpeg: there is no program {chosen!r}; leave it empty for the packaged one")
        return found
    try:
        return imageio_ffmpeg.get_ffmpeg_exe()
    except RuntimeError as error:
        raise TalepressError(
            "there is no program ffmpeg: install it, or reinstall the Python package imageio-ffmpeg"
        ) from error


@functools.lru_cache
def ffmpeg_version(chosen: str = "") -> str:
    """Asks the program for its version: "7.0.2-static". Raises as `ffmpeg_path`, and `BadInputError` for no ffmpeg."""
    path = ffmpeg_path(chosen)
    try:
        shown = subprocess.run([path, "-version"], capture_output=True, text=True, check=True, timeout=60).stdout
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError) as error:
        raise BadInputError(
            f"{path} does not run as ffmpeg does ({error}); set package.ffmpeg to one that does"
        ) from error
    found = re.match(r"ffmpeg version (\S+)", shown)
    if found is None:
        raise BadInputError(f"{path} is no ffmpeg; set package.ffmpeg to one, or leave it empty")
    return found[1]


def run_ffmpeg(arguments: Sequence[str], pcm: Iterable[np.ndarray] = (), *, chosen: str = "") -> str:
    """Runs ffmpeg, feeding it float32 PCM on standard input as it asks for it.

    Args:
        arguments: everything after the program's name; `pipe:0` is the PCM when there is some.
        pcm: blocks of float32 mono samples, each of shape (samples,).
        chosen: which ffmpeg, see `ffmpeg_path`.

    Returns:
        What ffmpeg wrote to standard output, decoded as UTF-8.

    Raises:
        OutputError: the disk is full.
        TalepressError: ffmpeg failed; its own last words are in the message.
    """
    command = [ffmpeg_path(chosen), "-hide_banner", "-nostdin", "-loglevel", "error", "-y", *arguments]
    with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:  # files: full pipes would stop ffmpeg
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=stdout, stderr=stderr)
        try:
            _feed(process, pcm)
            process.wait()
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        stdout.seek(0)
        stderr.seek(0)
        messages = stderr.read().decode("utf-8", "replace").strip()
        if process.returncode == 0:
            return stdout.read().decode("utf-8", "replace")
    if "No space left on device" in messages:
        raise OutputError("the disk is full: ffmpeg could not write its file; free some space and run again")
    raise TalepressError(
        f"ffmpeg failed with status {process.returncode}: {messages[-SHOWN_STDERR_CHARS:]}; try another version, or "
        "report the book (`talepress doctor` shows which ffmpeg is used)"
    )


def _feed(process: subprocess.Popen[bytes], pcm: Iterable[np.ndarray]) -> None:
    """Writes all blocks and closes the pipe. A pipe that ffmpeg closed early is no error here: its status tells."""
    assert process.stdin is not None
    try:
        with process.stdin as pipe:
            for block in pcm:
                pipe.write(np.ascontiguousarray(block, dtype="<f4").data)
    except OSError as error:
        if error.errno not in (errno.EPIPE, errno.EINVAL):
            raise
