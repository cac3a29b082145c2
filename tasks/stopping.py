"""The end that a person asks for, by Ctrl-C or SIGTERM: says so at once, and sees to it that the process ends in time.

The first signal is answered with a line. Where nothing else is said, it then raises `Stopped` in the main thread. Work
that can come to an orderly end has a block `with orderly()`: it looks at `requested` between its pieces and ends by
itself; what takes longer than its grace is left as it is, and the process ends all the same, with `EXIT_CODE`, or
by the kernel's alarm where C code keeps the interpreter to itself. A second signal ends it at once. Work must therefore
be safe to be killed at any moment.

Owns the process's handlers of the two signals. Must not know what is being worked at, nor Prefect.
"""

from __future__ import annotations

import _thread
import atexit
import json
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

EXIT_CODE = 130  # as shells have it for a program that Ctrl-C ended
GRACE_SECONDS = 5.0  # for the work in hand, where nothing else is said
ALARM_SECONDS = 1.5
AGAIN_SECONDS = 0.02
LAST_WORDS_SECONDS = 2.5  # for what is to be recorded when the grace is over

STOPPING = "stopping after what is in work; again to stop now"
STOPPED = "stopped; the same command continues"
STOPPED_NOW = "stopped at once; the same command continues"

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_AGAIN = signal.SIGUSR2  # sent by ourselves, where Python has thrown a `Stopped` away

logger = logging.getLogger(__name__)


class Stopped(BaseException):
    """The user has asked for the end. It is no `Exception`, so that nothing takes it for a failure."""


@dataclass
class _Stop:
    """What is known of the end. Plain values: a handler may interrupt whoever holds a lock."""

    requested: bool = False
    orderly: int = 0  # blocks that we are in
    grace_s: float = 0.0  # the longest that any of them asks for
    for_programs: bool = False  # whether what is said is JSON
    last_words: list[Callable[[], None]] = field(default_factory=list)


_stop = _Stop()


def requested() -> bool:
    """Tells whether the user has asked for the end."""
    return _stop.requested


def check() -> None:
    """Raises `Stopped` once the user has asked for the end."""
    if _stop.requested:
        raise Stopped(STOPPED)


def heed_signals() -> None:
    """Answers both signals for the life of the process. For a program's first line; needs the main thread."""
    _install()
    signal.signal(_AGAIN, _raise_again)
    sys.unraisablehook = _thrown_away
    atexit.register(_ignore_signals)  # first in, so last out: Python then gives signals back their deadly default


def say_in_json(wanted: bool) -> None:
    """From now on, has what is said be lines of JSON, or not: a program reads every line of stderr."""
    _stop.for_programs = wanted


def wind_up() -> None:
    """Lets signals raise nothing any more. For a program's last line."""
    _stop.orderly += 1


@contextmanager
def heeding_signals() -> Iterator[None]:
    """Answers both signals inside the block, whoever has set handlers of their own, and gives them back theirs.

    Does nothing outside of the main thread, where handlers cannot be set.
    """
    before = _install() if threading.current_thread() is threading.main_thread() else {}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def orderly(last_words: Callable[[], None] | None = None, grace_s: float = 0.0) -> Iterator[None]:
    """Inside the block a signal raises nothing: the work looks at `requested` or calls `check`.

    Args:
        last_words: is called, in a thread of its own, before the process ends without the block's having come to its
            end. It has `LAST_WORDS_SECONDS`, and other threads go on meanwhile.
        grace_s: that the block may take to come to its end, where that is longer than `GRACE_SECONDS`.
    """
    words = [last_words] if last_words is not None else []
    grace_before = _stop.grace_s
    _stop.grace_s = max(grace_before, grace_s)
    _stop.orderly += 1
    _stop.last_words += words
    try:
        yield
    finally:
        _stop.orderly -= 1
        _stop.grace_s = grace_before
        for called in words:
            _stop.last_words.remove(called)


def _install() -> dict[signal.Signals, Any]:
    """Sets our handler, but where a signal is ignored, as in the background of a shell. Returns those of before."""
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    heeded = {number: handler for number, handler in before.items() if handler is not signal.SIG_IGN}
    for number in heeded:
        signal.signal(number, _heed)
    return heeded


def _heed(number: int, frame: FrameType | None) -> None:
    """Answers a signal."""
    if _stop.requested:
        say(STOPPED_NOW)
        os._exit(EXIT_CODE)
    _stop.requested = True
    say(STOPPING)
    _arm_alarm()
    _thread.start_new_thread(_see_to_the_end, ())  # not `Thread`: it takes locks that we may have interrupted
    if not _stop.orderly:
        raise Stopped(STOPPED)


def _arm_alarm() -> None:
    """Has the kernel end the process where no thread can: C code may keep the interpreter to itself for seconds."""
    signal.setitimer(signal.ITIMER_REAL, _grace() + LAST_WORDS_SECONDS + ALARM_SECONDS)


def _grace() -> float:
    """Seconds that the work in hand may take."""
    return max(GRACE_SECONDS, _stop.grace_s)


def _ignore_signals() -> None:
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _see_to_the_end() -> None:
    """Ends the process if it still lives when the grace is over."""
    time.sleep(_grace())
    _thread.start_new_thread(_end_after, (LAST_WORDS_SECONDS,))
    for words in reversed(_stop.last_words):
        try:
            words()
        except Exception:
            logger.debug("last words failed", exc_info=True)
    _end_after(0)


def _end_after(seconds: float) -> None:
    time.sleep(seconds)
    say(STOPPED)
    os._exit(EXIT_CODE)


def _thrown_away(unraisable: sys.UnraisableHookArgs) -> None:
    """Sees to exceptions that cannot be raised: Python prints and forgets those of finalisers and of callbacks."""
    if unraisable.exc_type is Stopped:
        _thread.start_new_thread(_send_again, ())  # a little later: we are still where nothing can be raised
    else:
        sys.__unraisablehook__(unraisable)


def _send_again() -> None:
    time.sleep(AGAIN_SECONDS)
    signal.pthread_kill(threading.main_thread().ident or 0, _AGAIN)


def _raise_again(number: int, frame: FrameType | None) -> None:
    if not _stop.orderly:
        raise Stopped(STOPPED)


def say(line: str) -> None:
    """Writes a line to stderr, past Python's buffer: a handler may have interrupted somebody who writes to that."""
    text = f"talepress: {line}"
    try:
        if _stop.for_programs:
            os.write(2, f"{json.dumps({'event': 'note', 'text': text})}\n".encode())
            return
        clear = "\r\x1b[K\x1b[?25h" if os.isatty(2) else ""  # there may be bars, and a hidden cursor
        os.write(2, f"{clear}{text}\n".encode())
    except OSError:
        pass  # nobody can be told, so nobody is
