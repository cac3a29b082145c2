"""The console script: answers signals from its first moment, then runs the command.

Must not import anything heavy: what is imported before signals are answered is where Ctrl-C shows a traceback.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import io
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tasks import stopping

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_M_ARENA_MAX = -8  # glibc's number of that parameter, in its malloc.h
_ARENAS = 2
_YOUNG_OBJECTS = 20_000  # that Python lets gather before it looks for garbage among them; its own number is 700


def collect_rarely() -> None:
    """Has Python look for garbage less often.

    Imports make a million objects that stay: looking through them again and again takes a tenth of a command's start.
    """
    gc.set_threshold(_YOUNG_OBJECTS)


def share_arenas() -> None:
    """Has all threads take memory from the same two pools, where the C library is glibc.

    By itself it gives each thread a pool of its own, and each pool keeps the most that was ever in use in it: a long
    book's run, in which a dozen threads handle audio in turn, holds a hundred MB for nothing.
    """
    with contextlib.suppress(AttributeError):  # another C library
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, _ARENAS)


class _Told(io.FileIO):
    """A stream whose lines count as told where they cannot be written, unless it is a pipe that nobody reads."""

    def write(self, data: ReadableBuffer, /) -> int:
        """See `io.RawIOBase.write`."""
        try:
            return super().write(data)
        except BrokenPipeError:
            raise
        except OSError:
            return memoryview(data).nbytes


def secure_streams() -> None:
    """Makes sure that there are standard streams, and that the work does not end for what is told on stderr.

    A log on a disk that is full, or a terminal that is closed, must not turn a finished book into an error. A stream
    that was closed leads nowhere: else the next file to be opened, such as the database, would take its number.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 (until the process ends)
    stderr = sys.__stderr__
    if stderr is not None and sys.stderr is stderr:
        raw = io.BufferedWriter(_Told(stderr.fileno(), "w", closefd=False))
        sys.stderr = io.TextIOWrapper(raw, stderr.encoding, stderr.errors, line_buffering=True)


def main() -> None:
    """Runs `talepress`. Exit code 130 when the user stopped it, otherwise those of `flows.cli.main`."""
    secure_streams()
    share_arenas()  # before there is a second thread
    stopping.heed_signals()
    collect_rarely()
    try:
        from flows.cli.main import main as run

        run()
    except stopping.Stopped as stopped:
        stopping.say(str(stopped))
        sys.exit(stopping.EXIT_CODE)
    finally:
        stopping.wind_up()
        gc.freeze()  # or Python looks through all objects once more as it ends: a tenth of a short command


if __name__ == "__main__":  # by `flows/run/tied.py`
    main()
