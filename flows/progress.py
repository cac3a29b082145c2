"""Carries reports of how far a flow has come to whoever listens.

A flow's parameters are recorded by Prefect and must be plain values, so the listener travels in a context variable:
the command line sets one around the flow, a deployment sets none. Knows nothing of terminals or of Prefect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Pace:
    """How fast a stage goes, where its units say little about it: they are of unlike size, or come in bursts."""

    share: float  # of the stage's work that is done, 0 to 1
    seconds: float  # that this share took

    @property
    def seconds_left(self) -> float | None:
        """How long the rest takes at this pace; None before anything is done."""
        return self.seconds * (1.0 - self.share) / self.share if self.share > 0 else None


@dataclass(frozen=True)
class Progress:
    """One report: `done` of `total` units of a stage. `total` is 0 when a stage has nothing to count."""

    stage: str  # the stage's name, as in docs/architecture.md
    done: int
    total: int
    detail: str = ""  # "Chapter 3: The Storm"
    pace: Pace | None = None  # where the stage knows it


Listener = Callable[[Progress], None]

_listener: ContextVar[Listener | None] = ContextVar("talepress_progress_listener", default=None)


def announce(progress: Progress) -> None:
    """Calls the listener, if there is one, with a report."""
    listener = _listener.get()
    if listener is not None:
        listener(progress)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Sends every report that is made inside the block to `listener`."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
