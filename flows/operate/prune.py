"""Removes from Prefect's database what nobody looks at: yesterday's runs of doors that run by themselves all day.

Other runs are removed by Prefect's own service after `production.keep_days`. Knows nothing of what runs do.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterEndTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import StateType

from flows.run.deployments import DOORS

KEPT = timedelta(days=1)
QUIET = [StateType.COMPLETED, StateType.CANCELLED]  # a failure is kept as long as any other run
AT_ONCE = 200


def prune() -> int:
    """Removes finished runs of doors that run alone and by themselves, a day after their end. Returns how many."""
    doors = [door.name for door in DOORS if door.alone]
    old = FlowRunFilter(
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=QUIET)),
        end_time=FlowRunFilterEndTime.model_validate({"before_": datetime.now(UTC) - KEPT}),
    )
    count = 0
    with get_client(sync_client=True) as client:
        while runs := client.read_flow_runs(
            flow_filter=FlowFilter(name=FlowFilterName(any_=doors)), flow_run_filter=old, limit=AT_ONCE
        ):
            for run in runs:
                client.delete_flow_run(run.id)
            count += len(runs)
    return count
