"""How a run of a book ends in Prefect's eyes: by its report, by a state with a name, or cancelled.

Knows nothing of what was done, nor of our own rows.
"""

from __future__ import annotations

from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.events.worker import EventsWorker
from prefect.states import Cancelled, Completed

from flows.order.report import RunReport, flagged_sentence
from flows.run.orphans import end_task_runs
from storage.records import RunState

STOPPED_BY_USER = "stopped by the user"
FLAGGED = "Flagged"
AWAITING_REVIEW = "AwaitingReview"
DRAIN_SECONDS = 1.0


def of(report: RunReport) -> RunReport | State[RunReport]:
    """Names a run that got through. One that waits for people, or has too many doubtful takes, has its own state."""
    if report.state is RunState.REVIEW:
        return Completed(name=AWAITING_REVIEW, message=f"{report.waits_for}: {report.review}", data=report)
    if report.state is not RunState.FLAGGED:
        return report
    return Completed(name=FLAGGED, message=flagged_sentence(report), data=report)


def stopped() -> State[RunReport]:
    """The state of a run that the user stopped."""
    return Cancelled(message=STOPPED_BY_USER)


def cancel(flow_run_id: UUID) -> None:
    """Cancels a flow run from outside of its thread, and those of its task runs that are under way."""
    EventsWorker.drain_all(timeout=DRAIN_SECONDS)
    with get_client(sync_client=True) as client:
        client.set_flow_run_state(flow_run_id, stopped(), force=True)
    end_task_runs(flow_run_id)
