"""Begins runs of books as Prefect's deployment does, and asks how they stand. Must not know what is dropped where."""

from __future__ import annotations

from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import StateType
from prefect.exceptions import ObjectNotFound

from flows.actions.inbox import Progress, Standing
from flows.order.request import Request
from flows.run.deployments import start

BOOK = "book-to-audio"
TAG = "inbox"
_BEFORE_THE_SENTENCE = "encountered an exception: "


class DeployedRuns:
    """Runs of the deployment that makes books. A run that was lost stands as running while it will be tried again."""

    def __init__(self, tries: int) -> None:
        self._tries = tries

    def begin(self, request: Request, name: str) -> str:
        """Asks for a run; the same name again finds the first. Returns the flow run's id."""
        return start(BOOK, request, name, [TAG])

    def stands(self, run: str) -> Standing:
        """Asks Prefect's server."""
        with get_client(sync_client=True) as client:
            try:
                found = client.read_flow_run(UUID(run))
            except ObjectNotFound:
                return Standing(Progress.LOST)
        state = found.state
        if state is None or not state.is_final():
            return Standing(Progress.RUNNING)
        if state.type is StateType.CRASHED and found.run_count < self._tries:
            return Standing(Progress.RUNNING)
        return Standing(Progress.ENDED, "" if state.is_completed() else _sentence(state.message or state.name or ""))


def _sentence(message: str) -> str:
    """What an error says, without what Prefect says of it: "Flow run encountered an exception: ValueError: no"."""
    _, found, said = message.partition(_BEFORE_THE_SENTENCE)
    return said.partition(": ")[2] or said if found else message
