"""Lets a Dask worker take part in a run once it is shown to have what the run has: versions, model, store, server.

Dask carries a run's `Terms` to every worker that is there and to each that joins later. A worker that fulfils them
offers a resource that all jobs of the run ask for; another one says why not, and gets none. Knows nothing of batches.
"""

from __future__ import annotations

import asyncio
import pickle
import platform
import uuid
from importlib import metadata
from typing import Any

from distributed import Status, Worker, WorkerPlugin
from prefect.events.worker import EventsWorker
from prefect.logging.handlers import APILogWorker

from flows.run.server import require_health
from tasks.errors import BadInputError
from tasks.synthesize.keys import CODE_FORMAT_VERSION
from tasks.synthesize.render import RenderJob, run_job

GPU = "GPU"  # the resource that a worker's device is: one
JOBS_PER_WORKER = 2  # one is in the engine; the other is checked and stored, or waits for the engine
TOPIC = "talepress"  # of Dask's events
DRAIN_SECONDS = 5.0
COMPARED = ("talepress", "prefect", "torch", "dask", "distributed")


class UnfitWorkerError(BadInputError):
    """A worker does not have what the run has."""


def versions() -> dict[str, str]:
    """The versions of everything that must be the same in all processes of a run."""
    python = ".".join(platform.python_version_tuple()[:2])
    packages = {name: metadata.version(name) for name in COMPARED}
    return {"Python": python, **packages, "format of takes": str(CODE_FORMAT_VERSION)}


class Terms(WorkerPlugin):
    """What a run asks of its workers. Made by the flow, examined by each worker."""

    def __init__(self, trial: RenderJob, prefect_api: str) -> None:
        """Makes the terms of a run.

        Args:
            trial: a job of the run without batches: a worker that can do it has the run's model and store.
            prefect_api: the address to which workers say how far their task runs are.
        """
        self.name = f"talepress-{uuid.uuid4().hex}"  # also the resource's: each run has its own
        self._versions = versions()
        self._trial = pickle.dumps(trial)  # is opened by the worker, and with it the store
        self._prefect_api = prefect_api

    @property
    def asked(self) -> dict[str, float]:
        """The resources that a job of the run asks for."""
        return {GPU: 1 / JOBS_PER_WORKER, self.name: 1}

    async def setup(self, worker: Worker) -> None:
        """Examines a worker. Raises `UnfitWorkerError`, after the flow was told of it."""
        try:
            if not worker.state.total_resources.get(GPU):
                raise UnfitWorkerError(f"it offers no device: start it with `--resources {GPU}=1`")
            await asyncio.to_thread(self.examine)
        except Exception as error:
            reason = f"the Dask worker {worker.address} cannot speak for this run: {error}"
            worker.log_event(TOPIC, {"run": self.name, "reason": reason})
            raise UnfitWorkerError(reason) from error
        await worker.set_resources(**{self.name: JOBS_PER_WORKER})
        _have_waiting_jobs_looked_at(worker)

    def examine(self) -> None:
        """Compares this process with the run's, and loads the engine. Raises what is not as it must be."""
        found = versions()
        wrong = [
            f"{name} {found[name]} instead of {version}"
            for name, version in self._versions.items()
            if found[name] != version
        ]
        if wrong:
            raise UnfitWorkerError(f"it has {', '.join(wrong)}: install the same versions everywhere")
        hint = "set PREFECT_API_URL to an address that every worker reaches"
        require_health(self._prefect_api, hint=hint)
        run_job(pickle.loads(self._trial))

    async def teardown(self, worker: Worker) -> None:
        """Sends what Prefect still holds back of the run's task runs."""
        await asyncio.to_thread(_drain)


def _have_waiting_jobs_looked_at(worker: Worker) -> None:
    """Has the scheduler give a worker the jobs that found no worker.

    It looks at them when a worker joins, or goes on after a pause; not when one has a further resource. Without this,
    a run that loses all its workers at once waits for ever.
    """
    if worker.status is Status.running:
        worker.status = Status.paused
        worker.status = Status.running


def _drain() -> Any:
    EventsWorker.drain_all(timeout=DRAIN_SECONDS)
    APILogWorker.drain_all(timeout=DRAIN_SECONDS)
