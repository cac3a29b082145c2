"""Prepares a worker process of `local_cluster`; Dask imports it there. Knows nothing of what the worker does."""

from __future__ import annotations

import signal

from distributed import Worker


def dask_setup(_worker: Worker) -> None:
    """Leaves Ctrl-C to the process that started the worker: a terminal sends it to both."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
