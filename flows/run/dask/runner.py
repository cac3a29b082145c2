"""Runs jobs on a Dask cluster: that of `execution.dask_address`, or one on this machine for the length of the run.

A job that Dask gives up, or that was lost with the scheduler's connection, is reported as lost. Knows nothing of what
a job is.
"""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from typing import Any, Self

import dask
from distributed import KilledWorker
from distributed.client import CancelledError
from distributed.comm.core import CommClosedError
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_URL
from prefect.states import Crashed
from prefect.tasks import Task
from prefect_dask.task_runners import DaskTaskRunner, PrefectDaskFuture

from flows.run.dask.cluster import local_cluster
from flows.run.dask.terms import JOBS_PER_WORKER, TOPIC, Terms, UnfitWorkerError
from flows.run.window import JobLostError
from tasks import stopping
from tasks.errors import BadInputError, TransientError
from tasks.synthesize.render import RenderJob

CONNECT_SECONDS = 20
AWAY_SECONDS = 600.0  # how long a scheduler, or all workers, may be away before the run gives up
LOOK_SECONDS = 1.0

logger = logging.getLogger(__name__)


class DaskFuture(PrefectDaskFuture[Any]):
    """A job on the cluster. Its result is asked for once, and then forgotten by the cluster."""

    def result(self, timeout: float | None = None, raise_on_failure: bool = True) -> Any:
        """Returns the result; raises `JobLostError` where the cluster does not know what has become of the job."""
        try:
            return super().result(timeout, raise_on_failure)
        except (CancelledError, KilledWorker, CommClosedError) as error:
            reason = " ".join(str(error).split())
            logger.warning("a job was lost: %s", reason)
            _mark_crashed(self, reason)
            raise JobLostError(f"a job was lost by the Dask cluster ({reason}): see the logs of its workers") from error
        finally:
            self.wrapped_future.release()


def _mark_crashed(future: DaskFuture, reason: str) -> None:
    """Says to Prefect how a task run ended whose process cannot say it any more. It is for looking at, no more."""
    try:
        with get_client(sync_client=True) as client:
            client.set_task_run_state(future.task_run_id, Crashed(message=reason), force=True)
    except Exception:
        logger.debug("a lost task run stays as it is on Prefect's page", exc_info=True)


class DaskRunner(DaskTaskRunner):
    """Prefect's runner for Dask, with workers that are examined first and a scheduler that may be away for a while."""

    def __init__(self, trial: RenderJob, address: str = "", workers: int = 0) -> None:
        """Makes a runner for the cluster at `address`, or, where there is none, for so many workers on this machine.

        `trial` is a job of the run without batches, see `Terms`.
        """
        where = (
            {"address": address}
            if address
            else {"cluster_class": local_cluster, "cluster_kwargs": {"workers": workers}}
        )
        super().__init__(**where, client_kwargs={"timeout": CONNECT_SECONDS})
        self._terms = Terms(trial, PREFECT_API_URL.value())
        self._examined = ""  # the scheduler whose workers know the terms
        self._fit = 0
        self._looked = 0.0
        self._alone_since: float | None = None

    def __enter__(self) -> Self:
        """Connects, and examines the workers. Raises `BadInputError`."""
        super().__enter__()
        try:
            self._connect()
            self._examine()
        except BaseException:
            self._exit_stack.close()
            raise
        return self

    def __exit__(self, *error: Any) -> None:
        """Lets the workers go; those of this machine end."""
        try:
            if self._status == "running":
                self.client.unregister_worker_plugin(self._terms.name)
        except (OSError, ValueError):
            logger.debug("the terms stay with the scheduler, where nobody asks for them", exc_info=True)
        super().__exit__(*error)

    def submit(self, task: Task[..., Any], parameters: dict[str, Any], *others: Any) -> Any:
        """Has a worker that fulfils the run's terms run a task. Raises `TransientError` without a scheduler."""
        self._require_scheduler()
        with dask.annotate(resources=self._terms.asked):
            future = super().submit(task, parameters, *others)
        return DaskFuture(future.task_run_id, future.wrapped_future)

    def in_flight(self) -> int:
        """How many jobs may be under way. Raises `TransientError` once there has been no worker for too long."""
        now = time.monotonic()
        if now - self._looked > LOOK_SECONDS:
            self._looked = now
            self._count_workers(now)
        return JOBS_PER_WORKER * max(1, self._fit)

    def _count_workers(self, now: float) -> None:
        """Counts the workers that fulfil the terms. Raises `TransientError` as `in_flight`."""
        try:
            workers = self.client.scheduler_info()["workers"].values() if self._status == "running" else ()
        except (OSError, CommClosedError):
            workers = ()
        self._fit = sum(self._terms.name in worker["resources"] for worker in workers)
        if self._fit:
            self._alone_since = None
            return
        if self._alone_since is None:
            self._alone_since = now
            logger.warning("there is no Dask worker for this run at %s; waiting for one", self._place)
        if now - self._alone_since > AWAY_SECONDS:
            raise TransientError(
                f"for {AWAY_SECONDS / 60:.0f} minutes no Dask worker at {self._place} could speak for this run: start "
                "some, or see in their logs why they refuse, and run the same command again"
            )

    @property
    def _status(self) -> str:
        """How Dask's client is: "running", "connecting", or "closed" once it has given up."""
        return "closed" if self._client is None else self._client.status

    @property
    def _place(self) -> str:
        return self.address or "this machine"

    def _scheduler(self) -> str:
        """Names the scheduler that answers now, as no other is named; "" where none does."""
        try:
            return str(self.client.scheduler_info()["id"])
        except (OSError, CommClosedError):
            return ""

    def _connect(self) -> None:
        """Raises `BadInputError` where no scheduler answers."""
        try:
            _ = self.client  # makes it
        except (OSError, ValueError) as error:
            raise BadInputError(
                f"no Dask scheduler answers at {self._place} ({' '.join(str(error).split())}): start one with "
                "`dask scheduler`, or correct execution.dask_address"
            ) from error

    def _examine(self) -> None:
        """Brings the terms to all workers, of now and later. Raises `BadInputError` where one does not fulfil them."""
        self._examined = self._scheduler()
        self.client.subscribe_topic(TOPIC, self._note_refusal)
        try:
            self.client.register_plugin(self._terms, name=self._terms.name)
        except UnfitWorkerError:
            raise
        except (OSError, CommClosedError):
            logger.warning(
                "a Dask worker died while it was examined; whoever takes its place is examined", exc_info=True
            )
        except Exception as error:  # whatever goes wrong where Talepress, or this version of it, is missing
            raise BadInputError(
                f"a Dask worker at {self._place} cannot take part ({type(error).__name__}: {error}): install "
                "'talepress[dask]' on every worker, in the same version"
            ) from error

    def _note_refusal(self, event: tuple[float, dict[str, str]]) -> None:
        """Logs that a worker that has joined meanwhile is not used."""
        _, told = event
        if told["run"] == self._terms.name:
            logger.warning("%s", told["reason"])

    def _require_scheduler(self) -> None:
        """Waits for a scheduler that is away. Raises `TransientError` when it stays away, `Stopped`."""
        if self._status == "running" and self._scheduler() == self._examined:
            return
        logger.warning("the Dask scheduler at %s is away, or was started again; waiting for it", self._place)
        deadline = time.monotonic() + AWAY_SECONDS
        while self._status != "running":
            stopping.check()
            if time.monotonic() > deadline:
                raise TransientError(
                    f"the Dask scheduler at {self._place} has been away for {AWAY_SECONDS / 60:.0f} minutes: see "
                    "that it runs and can be reached, then run the same command again"
                )
            if self._status == "closed":
                self._client = None
                with suppress(BadInputError):
                    self._connect()
            time.sleep(LOOK_SECONDS)
        self._examine()  # a scheduler that was started again knows nothing of them
