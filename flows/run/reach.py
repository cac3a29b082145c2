"""Asks Prefect's server what a book does not depend on, so that a run outlives a server that dies.

Truth lies in our own database; what Prefect is told is for looking at. While the server does not answer, our requests
are left out, and a run that ends then goes past Prefect, which would try for minutes to record its end and fail with
it. Knows nothing of what is told.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

import httpx
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.exceptions import Abort, MissingResult, PrefectException
from prefect.settings import PREFECT_API_URL

from flows.order.report import RunReport
from flows.run.server import require_health
from tasks.errors import TalepressError

PROBE_SECONDS = 2.0  # in which a living server answers; one under heavy load is taken for gone, until the next probe
SILENCE_SECONDS = 5.0  # after a probe that failed, in which nothing is asked
END_SECONDS = 30.0  # that the end of a run waits for a server that may be starting again
POLL_SECONDS = 0.5

Answer = TypeVar("Answer")

logger = logging.getLogger(__name__)


class UnrecordedEnd(Abort):
    """A flow run has ended, and Prefect's server is not there to be told. As an `Abort` it makes Prefect ask nothing.

    Carries what the run came to: its report, or the error that ended it, or neither where the user stopped it.
    """

    def __init__(self, report: RunReport | None = None, error: BaseException | None = None) -> None:
        super().__init__(f"the Prefect server at {PREFECT_API_URL.value()} is gone")
        self.report = report
        self.error = error


@dataclass
class _Silence:
    """Until when the server is not asked, by the monotonic clock. One process has one server."""

    until: float = 0.0


_silence = _Silence()
_came_to: dict[UUID, RunReport | BaseException] = {}  # of the flow run that ended last in this process


def forget() -> None:
    """Forgets what the flow run that ended last came to. For whoever begins another."""
    _came_to.clear()


def is_gone(error: BaseException) -> bool:
    """Tells whether an error is one of those that Prefect's client raises where its server cannot be reached."""
    return isinstance(error, httpx.TransportError) or (
        isinstance(error, RuntimeError) and str(error).startswith("Failed to reach API")
    )


def unrecorded() -> UnrecordedEnd | None:
    """Returns what the flow run came to that ended since `forget`, for when Prefect could not be told; else None."""
    outcome = next(iter(_came_to.values()), None)
    if outcome is None:
        return None
    return UnrecordedEnd(error=outcome) if isinstance(outcome, BaseException) else UnrecordedEnd(outcome)


def attempt(request: Callable[[], Answer]) -> Answer | None:
    """Asks the server something that the run can do without. Returns None where it is gone, or refuses."""
    if time.monotonic() < _silence.until:
        return None
    if not _answers():
        _silence.until = time.monotonic() + SILENCE_SECONDS
        return None
    try:
        return request()
    except (httpx.HTTPError, PrefectException) as error:
        logger.warning("Prefect's server could not be told: %s", error)
        return None


def require_server(flow_run_id: UUID, report: RunReport | None = None, error: BaseException | None = None) -> None:
    """Raises `UnrecordedEnd` where the server does not know the flow run any more, or is gone, after `END_SECONDS`.

    For the end of a flow, which comes to that report or that error: `report_of` knows it from now on.
    """
    _came_to.clear()
    if (outcome := report or error) is not None:
        _came_to[flow_run_id] = outcome

    def look() -> bool:
        with get_client(sync_client=True) as client:
            client.read_flow_run(flow_run_id)
        return True

    deadline = time.monotonic() + END_SECONDS
    while not _answers():
        if time.monotonic() > deadline:
            raise UnrecordedEnd(report, error) from error
        time.sleep(POLL_SECONDS)
    _silence.until = 0.0
    if not attempt(look):
        raise UnrecordedEnd(report, error) from error


def report_of(state: State[RunReport]) -> RunReport:
    """Returns the report of the flow run that ended last in this process, or raises the error that ended it.

    Prefect's state has neither where its server died between recording the end and saying so: the end, told once more,
    is then refused as a duplicate (`PreventDuplicateTransitions`).
    """
    try:
        return state.result()
    except MissingResult:
        assert state.state_details.flow_run_id is not None
        outcome = _came_to[state.state_details.flow_run_id]
    if isinstance(outcome, BaseException):
        raise outcome
    return outcome


def _answers() -> bool:
    """Tells whether the server is in health."""
    url = PREFECT_API_URL.value()
    if url is None:  # Prefect starts one of its own then
        return True
    try:
        require_health(url, timeout=PROBE_SECONDS, hint="")
    except TalepressError:
        return False
    return True
