"""A Dask cluster on this machine that lives as long as a run: one worker process for each device.

Nobody else can send it work: it listens to this machine alone, under a key that only this process knows. Knows nothing
of what the workers do.
"""

from __future__ import annotations

import logging
import os
import sys
from multiprocessing import resource_tracker

import dask
import torch
from distributed import Nanny, Scheduler, SpecCluster
from distributed.security import Security

from flows.run.dask.terms import GPU, JOBS_PER_WORKER

HERE = "127.0.0.1"
PRELOAD = "flows.run.dask.preload"


def local_cluster(workers: int) -> SpecCluster:
    """Starts a scheduler in this process, and so many worker processes; 0: one for each GPU, or one.

    They end with this process, however it ends. A worker process that dies is replaced.
    """
    _start_silent_tracker()
    gpus = visible_gpus()
    count = workers or max(1, len(gpus))
    security = Security.temporary()
    # Dask would give each worker one core for its arithmetic, however many there are.
    cores = str(max(1, torch.get_num_threads() // count))
    environment = {"OMP_NUM_THREADS": cores, "MKL_NUM_THREADS": cores, "OPENBLAS_NUM_THREADS": cores}
    no_pages = {"dashboard": False, "dashboard_address": f"{HERE}:0"}
    options = {
        **no_pages,
        "host": HERE,
        "nthreads": JOBS_PER_WORKER,
        "resources": {GPU: 1},
        "memory_limit": 0,  # Dask would end a worker that has loaded a large model
        "preload": [PRELOAD],
        "security": security,
        "silence_logs": logging.CRITICAL,
    }
    with dask.config.set(
        {"distributed.nanny.pre-spawn-environ": environment, "distributed.worker.profile.enabled": False}
    ):
        return SpecCluster(
            scheduler={
                "cls": Scheduler,
                "options": {"host": HERE, "port": 0, "security": security, **no_pages},
            },
            workers={
                number: {"cls": Nanny, "options": {**options, "env": _device(gpus, number)}} for number in range(count)
            },
            security=security,
            silence_logs=logging.CRITICAL,
        )


def _start_silent_tracker() -> None:
    """Starts the process by which Python tidies up after one that is ended at once: without a word of warning."""
    sys.warnoptions.append("ignore:resource_tracker")  # is handed down
    try:
        resource_tracker.ensure_running()
    finally:
        sys.warnoptions.pop()


def visible_gpus() -> list[str]:
    """Lists the GPUs of this process by the names that CUDA_VISIBLE_DEVICES has for them."""
    named = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    count = torch.cuda.device_count()
    return named.split(",")[:count] if named else [str(number) for number in range(count)]


def _device(gpus: list[str], number: int) -> dict[str, str]:
    """The environment in which a worker sees one GPU; of more workers than GPUs, some share one."""
    return {"CUDA_VISIBLE_DEVICES": gpus[number % len(gpus)]} if gpus else {}
