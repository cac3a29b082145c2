"""Has takes listened to in a process of its own, which takes PyTorch and the networks with it when it ends.

A process that publishes a long book then never holds them beside all that it has to write. Must not know who wants the
times, nor what is done with them.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path

from configs.settings import AlignSettings
from storage.artifacts import ArtifactStore
from storage.records import Take, WordTime
from tasks.align.timers import time_takes, word_timer
from tasks.errors import TalepressError

Takes = Mapping[str, tuple[Take, str]]
Times = dict[str, tuple[WordTime, ...]]


@contextmanager
def listener_apart(settings: AlignSettings, model: Path, store: ArtifactStore) -> Iterator[Callable[[Takes], Times]]:
    """Keeps a process for the length of the block, which lists the words of takes as `time_takes` yields them.

    Arguments: see `word_timer` and `time_takes`. What it yields raises as they do, and `TalepressError` where the
    process has died.
    """
    spawning = multiprocessing.get_context("spawn")  # what is forked would begin with all of our memory, and our locks
    with ProcessPoolExecutor(1, mp_context=spawning, initializer=_begin) as pool:

        def listen(takes: Takes) -> Times:
            try:
                return pool.submit(_listen, settings, model, store, takes).result()
            except BrokenProcessPool as error:
                raise TalepressError(
                    "the process that listens for words has died, perhaps for want of memory: run the same command "
                    "again; what it has found until now is kept"
                ) from error

        yield listen


def _begin() -> None:
    """Leaves Ctrl-C to the process that started this one, and has this one end with it, however that ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _listen(settings: AlignSettings, model: Path, store: ArtifactStore, takes: Takes) -> Times:
    return dict(time_takes(store, word_timer(settings, model), takes))
