"""Ends task runs whose flow run has ended without them: on Prefect's page they would run for ever.

A process that is killed, or that ends in the middle of a batch, cannot say how its task runs ended, and what it says at
the last moment reaches the server after the end of its run. Must not know what a run does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterId,
    FlowRunFilterState,
    FlowRunFilterStateType,
    TaskRunFilter,
    TaskRunFilterState,
    TaskRunFilterStateType,
)
from prefect.client.schemas.objects import TERMINAL_STATES, State, StateType, TaskRun

UNFINISHED = [kind for kind in StateType if kind not in TERMINAL_STATES]
SAID_BY_THE_RUN = (StateType.COMPLETED, StateType.CANCELLED)  # of its task runs as well; of all others nothing is known
MESSAGE = "its run has ended"


def end_task_runs(flow_run_id: UUID) -> None:
    """Ends what a flow run has left behind whose process is gone, whatever its own state is."""
    with get_client(sync_client=True) as client:
        _end(client, FlowRunFilter(id=FlowRunFilterId(any_=[flow_run_id])))


def end_orphans(client: SyncPrefectClient, flows: Sequence[str]) -> int:
    """Ends what ended runs of these flows have left behind, as many as the server tells at once. Returns how many."""
    ended = FlowRunFilterState(type=FlowRunFilterStateType(any_=list(TERMINAL_STATES)))
    return _end(client, FlowRunFilter(state=ended), FlowFilter(name=FlowFilterName(any_=list(flows))))


def _end(client: SyncPrefectClient, flow_runs: FlowRunFilter, flows: FlowFilter | None = None) -> int:
    orphans = client.read_task_runs(
        flow_filter=flows,
        flow_run_filter=flow_runs,
        task_run_filter=TaskRunFilter(state=TaskRunFilterState(type=TaskRunFilterStateType(any_=UNFINISHED))),
    )
    kinds = _kinds(client, orphans)
    for orphan in orphans:
        kind = kinds.get(orphan.flow_run_id)
        state = kind if kind in SAID_BY_THE_RUN else StateType.CRASHED
        client.set_task_run_state(orphan.id, State(type=state, message=MESSAGE), force=True)
    return len(orphans)


def _kinds(client: SyncPrefectClient, orphans: Iterable[TaskRun]) -> dict[UUID | None, StateType | None]:
    """The kinds of the states of their flow runs, by the flow runs' ids."""
    ids = list({orphan.flow_run_id for orphan in orphans if orphan.flow_run_id is not None})
    if not ids:
        return {}
    return {
        run.id: run.state_type
        for run in client.read_flow_runs(flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=ids)))
    }
