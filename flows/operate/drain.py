"""Lets what is under way come to its end, and nothing new begin: for updates. Knows nothing of what runs do."""

from __future__ import annotations

from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import WorkPoolUpdate
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterState, FlowRunFilterStateType, WorkPoolFilter
from prefect.client.schemas.filters import WorkPoolFilterName as PoolName
from prefect.client.schemas.objects import StateType
from prefect.exceptions import ObjectNotFound

from flows.run.deployments import POOLS

UNDER_WAY = [StateType.RUNNING, StateType.PENDING, StateType.CANCELLING]


def pause(paused: bool) -> None:
    """Pauses our pools, so that no worker takes a run, or lets them go on. What waits keeps its place."""
    with get_client(sync_client=True) as client:
        for pool in POOLS:
            try:
                client.update_work_pool(pool, WorkPoolUpdate(is_paused=paused))
            except ObjectNotFound:
                continue  # nothing was ever deployed


def paused_pools() -> list[str]:
    """Lists our pools that are paused."""
    with get_client(sync_client=True) as client:
        pools = client.read_work_pools(work_pool_filter=WorkPoolFilter(name=PoolName(any_=list(POOLS))))
    return [pool.name for pool in pools if pool.is_paused]


def under_way() -> list[str]:
    """Names the runs of our pools that have begun and not ended."""
    with get_client(sync_client=True) as client:
        runs = client.read_flow_runs(
            flow_run_filter=FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=UNDER_WAY))),
            work_pool_filter=WorkPoolFilter(name=PoolName(any_=list(POOLS))),
        )
    return sorted(run.name for run in runs)
