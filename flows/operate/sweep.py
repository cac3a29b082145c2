"""Finds runs whose process is gone, says so in their state and row, cleans up, and starts them again.

A run's process has put its name on the run (`flows/run/presence.py`), so that it can be looked for. Runs of other boxes
are theirs to sweep. Must not know what a run does.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from filelock import FileLock
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.states import AwaitingRetry, Cancelled, Crashed

from flows.order.alone import clear_lost_work
from flows.run.deployments import DOORS, full_name
from flows.run.orphans import end_orphans
from flows.run.presence import PROCESS
from flows.services import Services
from storage.processes import is_alive

logger = logging.getLogger(__name__)

NAMES = [door.name for door in DOORS]
NAMELESS = timedelta(minutes=3)  # that a process may take until it has put its name on its run
RECENT = timedelta(days=2)  # a crash that is older is nobody's wish any more
LOST = "its process is gone"
LOCK_SECONDS = 60.0
PAGE = 200  # runs asked for at once


@dataclass
class Swept:
    """Names of the runs that were found, by what became of them."""

    again: list[str] = field(default_factory=list)  # started again
    crashed: list[str] = field(default_factory=list)  # for good: no tries are left, or it comes again by itself
    cancelled: list[str] = field(default_factory=list)  # they were to be cancelled

    def sentence(self) -> str:
        """All of it for a person."""
        kinds = (("started again", self.again), ("crashed for good", self.crashed), ("cancelled", self.cancelled))
        return "; ".join(f"{what}: {', '.join(names)}" for what, names in kinds if names) or "nothing was left behind"


def sweep(services: Services) -> Swept:
    """Sweeps the runs of this box: those that Prefect's server lists, and the rows of our database.

    Raises `DatabaseError`, what Prefect raises for a server that does not answer.
    """
    swept = Swept()
    with _one_at_a_time(services), get_client(sync_client=True) as client:
        again = _started_again(client)
        for run in _unfinished(client):
            if not _is_lost(run):
                continue
            if run.state_type is StateType.CANCELLING:
                client.set_flow_run_state(run.id, Cancelled(message=LOST), force=True)
                swept.cancelled.append(run.name)
                continue
            client.set_flow_run_state(run.id, Crashed(message=LOST), force=True)
            if run.deployment_id not in again:
                swept.crashed.append(run.name)
        if services.has_database():
            _sweep_rows(services)
        orphans = end_orphans(client, NAMES)  # before their runs are tried again
        if orphans:
            logger.info("%d task runs had outlived their runs", orphans)
        for run in _crashed(client, again):
            if run.run_count < services.settings.production.tries:
                client.set_flow_run_state(run.id, AwaitingRetry(message=f"lost {run.run_count} times"), force=True)
                swept.again.append(run.name)
    return swept


@contextmanager
def _one_at_a_time(services: Services) -> Iterator[None]:
    """Waits for another sweep of this box to end."""
    folder = services.settings.storage.folder / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / "sweep.lock", timeout=LOCK_SECONDS):
        yield


def _started_again(client: SyncPrefectClient) -> set[object]:
    """The deployments whose lost runs are started again: not those that run by themselves all the time."""
    names = [full_name(door.name) for door in DOORS if not door.alone]
    return {client.read_deployment_by_name(name).id for name in names}


def _unfinished(client: SyncPrefectClient) -> Iterable[FlowRun]:
    return _listed(client, StateType.RUNNING, StateType.PENDING, StateType.CANCELLING)


def _crashed(client: SyncPrefectClient, deployments: set[object]) -> list[FlowRun]:
    """The runs that have crashed lately, of these deployments."""
    oldest = datetime.now(UTC) - RECENT
    return [
        run
        for run in _listed(client, StateType.CRASHED)
        if run.deployment_id in deployments and run.state is not None and run.state.timestamp > oldest
    ]


def _listed(client: SyncPrefectClient, *kinds: StateType) -> list[FlowRun]:
    """Lists runs of our doors in these states; the server may have other people's."""
    return client.read_flow_runs(
        flow_filter=FlowFilter(name=FlowFilterName(any_=NAMES)),
        flow_run_filter=FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(kinds)))),
        sort=FlowRunSort.EXPECTED_START_TIME_DESC,
        limit=PAGE,
    )


def _is_lost(run: FlowRun) -> bool:
    """Whether a run's process is gone: it can be seen that it is, or it never got as far as to say its name."""
    assert run.state is not None
    now = datetime.now(UTC)
    process = run.labels.get(PROCESS)
    may_be_nameless = run.state_type is StateType.PENDING or process is None or run.run_count > 1
    if may_be_nameless and now - run.state.timestamp < NAMELESS:
        return False  # and the name that is there may be that of the try before
    return run.state_type is StateType.PENDING or process is None or not is_alive(str(process), now)


def _sweep_rows(services: Services) -> None:
    """Says in the rows of runs whose process is gone that they failed, and removes their working folders."""
    lost = services.database.transact(lambda uow: uow.runs.close_interrupted())
    for source in lost:
        clear_lost_work(services.settings.storage.folder, source)
    if lost:
        logger.info("%d rows of runs said that they run, and their processes are gone", len(lost))
