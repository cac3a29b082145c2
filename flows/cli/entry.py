"""The console script: answers signals from its first moment, then runs the command.

Must not import anything heavy: what is imported before signals are answered is where Ctrl-C shows a traceback.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import sys

from tasks import stopping

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


def main() -> None:
    """Runs `talepress`. Exit code 130 when the user stopped it, otherwise those of `flows.cli.main`."""
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
