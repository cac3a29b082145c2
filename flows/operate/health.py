"""The checks of `talepress doctor --production`: server, deployments, scheduler, workers, each with its remedy.

Must not know how a box is started, nor what a flow does.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterName,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType, WorkerStatus
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import ObjectNotFound

from flows.actions.doctor import CheckResult
from flows.run.deployments import DOORS, POOLS, full_name

AHEAD = timedelta(minutes=5)  # within which something that runs by itself is due
LATE = timedelta(minutes=3)  # after which a run that waits for nothing but a worker should have begun
START_UP = "start `talepress up`"


def examine_production() -> tuple[CheckResult, ...]:
    """Asks the server of `PREFECT_API_URL`. Raises what Prefect raises where it does not answer."""
    with get_client(sync_client=True) as client:
        server = CheckResult("server", True, f"{client.api_url}, Prefect {client.api_version()}")
        return (server, _deployments(client), _scheduler(client), *(_workers(client, pool) for pool in POOLS))


def _deployments(client: SyncPrefectClient) -> CheckResult:
    missing = []
    for door in DOORS:
        try:
            found = client.read_deployment_by_name(full_name(door.name))
        except ObjectNotFound:
            missing.append(door.name)
            continue
        if found.entrypoint != door.entrypoint:
            missing.append(f"{door.name} (of another version)")
    if missing:
        return CheckResult("deployments", False, f"not there: {', '.join(missing)}", "talepress deploy")
    return CheckResult("deployments", True, f"{len(DOORS)} deployed")


def _scheduler(client: SyncPrefectClient) -> CheckResult:
    """Looks for a run that is planned: a scheduler that has died plans none, and says nothing."""
    named = DeploymentFilter(name=DeploymentFilterName(any_=[door.name for door in DOORS if door.cron]))
    due = [run.expected_start_time for run in _scheduled(client, named) if run.expected_start_time is not None]
    if any(timedelta() < _ahead(moment) < AHEAD for moment in due):
        return CheckResult("scheduler", True, "plans runs")
    found = "nothing is planned, though schedules say so"
    return CheckResult("scheduler", False, found, f"look into the server's log; {START_UP} again")


def _workers(client: SyncPrefectClient, pool: str) -> CheckResult:
    name = f"workers of {pool}"
    try:
        client.read_work_pool(pool)  # the next call has no error of its own for a pool that is not there
    except ObjectNotFound:
        return CheckResult(name, False, "there is no such pool", "talepress deploy")
    found = client.read_workers_for_work_pool(pool)
    online = [worker.name for worker in found if worker.status is WorkerStatus.ONLINE]
    if not online:
        return CheckResult(name, False, "none is online", START_UP)
    doors = DeploymentFilter(name=DeploymentFilterName(any_=[door.name for door in DOORS if door.pool == pool]))
    now = datetime.now(UTC)
    late = [
        run for run in _scheduled(client, doors) if run.expected_start_time and now - run.expected_start_time > LATE
    ]
    waiting = f"; waiting for a free one: {len(late)}" if late else ""
    return CheckResult(name, True, f"online: {', '.join(online)}{waiting}")


def _scheduled(client: SyncPrefectClient, deployments: DeploymentFilter) -> list[FlowRun]:
    planned = FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED])))
    return client.read_flow_runs(
        flow_run_filter=planned, deployment_filter=deployments, sort=FlowRunSort.EXPECTED_START_TIME_ASC, limit=200
    )


def _ahead(moment: datetime) -> timedelta:
    """How far in the future a moment is; negative for one that has passed."""
    return timedelta(seconds=moment.timestamp() - datetime.now(UTC).timestamp())
