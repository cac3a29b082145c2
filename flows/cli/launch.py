"""Runs a flow for a command: Prefect's environment, a server, the progress display, and an orderly end.

Knows nothing of what the flows do. Prefect is imported in here, after its environment is set.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from typing import TYPE_CHECKING, Any
from uuid import UUID

from flows.actions.box import read_note
from flows.cli.console import end_at_once, tell
from flows.cli.progress import Form, progress_display
from flows.order.request import Request
from flows.progress import listening
from flows.run.server import prefect_server, prepare_environment, require_health, settle
from tasks import stopping
from tasks.errors import BadInputError

if TYPE_CHECKING:
    from configs.settings import Settings
    from flows.order.report import RunReport
    from flows.run.reach import UnrecordedEnd


logger = logging.getLogger(__name__)

RunFlow = Callable[[str, Request, Form], "RunReport"]


@contextmanager
def prefect(settings: Settings, *, verbose: bool) -> Iterator[RunFlow]:
    """Keeps a Prefect server for the length of the block, in which nothing is printed on stdout. Once in a process.

    Yields what runs a flow, by its name, to its end in this process.
    """
    timeout = settings.execution.server_start_timeout_s
    prepare_environment(settings.storage.folder / "prefect", start_timeout_s=timeout, verbose=verbose)
    logging.raiseExceptions = verbose  # Prefect prints "Error logging to API" for each line that a server misses
    tell("starting Prefect ...")
    with redirect_stdout(sys.stderr), prefect_server(timeout):
        yield _run_flow


def _run_flow(name: str, request: Request, progress: Form) -> RunReport:
    """Runs a flow. Raises what the flow raised, `Stopped` when the user stopped it."""
    from flows.run.deployments import find_flow
    from flows.run.reach import UnrecordedEnd, report_of

    flow: Callable[..., Any] = find_flow(name)
    with stopping.orderly():
        try:
            state = _final_state(flow, request, progress)
        except UnrecordedEnd as end:
            return _unrecorded(end)
        _settle(state.state_details.flow_run_id)
    if state.is_cancelled():
        stopping.check()
    return report_of(state)


def _settle(flow_run_id: UUID | None) -> None:
    """Has Prefect's server hear of all that has ended. One that is gone by now hears no more, and the run is whole."""
    from flows.run.reach import is_gone

    try:
        settle(flow_run_id)
    except Exception as error:
        if not is_gone(error):
            raise
        logger.info("Prefect's server was gone before it had heard of all that ended", exc_info=True)


def _unrecorded(end: UnrecordedEnd) -> RunReport:
    """Returns the report of a run that outlived Prefect's server, or raises the error that ended it."""
    tell(f"{end}: its page does not show how this run ended, which the book does not depend on")
    end_at_once()
    if end.error is not None:
        raise end.error
    stopping.check()
    assert end.report is not None
    return end.report


def start_deployment(name: str, request: Request, once: str) -> str:
    """Has a deployment start a run, and does not wait for it. The same `once` again starts no second one.

    Returns the flow run's id. Raises `BadInputError` where Prefect has no such deployment.
    """
    from flows.run.deployments import start

    return start(name, request, once)


def use_server(settings: Settings) -> None:
    """Prepares this process to ask a server that lives already: the user's (`PREFECT_API_URL`), or that of `up`.

    Raises `BadInputError` where there is none, or it does not answer.
    """
    home = settings.storage.folder
    if not os.environ.get("PREFECT_API_URL"):
        note = read_note(home)
        if note is None:
            raise BadInputError("there is no Prefect server: start `talepress up`, or set PREFECT_API_URL to yours")
        os.environ["PREFECT_API_URL"] = note.api
    timeout = settings.execution.server_start_timeout_s
    prepare_environment(home / "prefect", start_timeout_s=timeout, verbose=False)
    hint = "is `talepress up` being started, or stopped?"
    require_health(os.environ["PREFECT_API_URL"], hint=hint)


def _final_state(flow: Callable[..., Any], request: Request, progress: Form) -> Any:
    """Runs the flow with the progress display, and returns the Prefect state that it ends in.

    Raises `UnrecordedEnd` where Prefect's server goes when all is done, `BadInputError` where it does before.
    """
    from flows.run import reach

    reach.forget()
    try:
        with progress_display(progress) as listener, listening(listener):
            return flow(request, return_state=True)
    except reach.UnrecordedEnd:
        raise  # of a run that was stopped as well
    except BaseException as error:
        if reach.is_gone(error):
            if (end := reach.unrecorded()) is not None:
                raise end from error
            hint = "start it, then run the same command again"
            require_health(os.environ["PREFECT_API_URL"], hint=hint)
            raise
        stopping.check()  # Prefect raises exceptions of its own for signals that come while it is getting ready
        raise
