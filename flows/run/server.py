"""A private Prefect server that lives exactly as long as one command, and the environment that Prefect is given.

Prefect's own ephemeral server shares our stderr, prints stack traces when it is stopped while events are still on
their way, and outlives a killed parent. This one logs to a file, is told to stop by the closing of a pipe (which the
kernel also does when we are killed), and is stopped only after every task run has reached its final state.
This module must not know what the flows do. It imports Prefect only inside functions: the environment comes first.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.client import HTTPException
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from flows.run.private_server import STOP_TIMEOUT_SECONDS, PrivateServer
from flows.run.pruning import prune
from flows.run.tied import end_with_parent
from tasks import stopping
from tasks.errors import BadInputError, TalepressError

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient

SETTLE_TIMEOUT_SECONDS = 20
STOPPED_SETTLE_SECONDS = 2  # when the user waits for the end
OURS_ANSWERS_SECONDS = 3.0  # once it is there, and nobody else asks it
ANSWER_SECONDS = 60.0  # in which a busy server answers; one that is not there refuses at once
POLL_SECONDS = 0.25
QUIET_POLLS = 3
_LONGEST_VERSION = 200  # bytes of JSON
LOGGED_PACKAGES = ("tortoise_core", "storage", "tasks", "flows")


def prepare_environment(home: Path, *, start_timeout_s: float, verbose: bool) -> None:
    """Gives Prefect its defaults; whatever the user has set stays. Must run before the first import of Prefect."""
    if "prefect" in sys.modules:
        raise RuntimeError("prepare_environment must run before Prefect is imported")
    for name, value in environment_defaults(home, start_timeout_s=start_timeout_s, verbose=verbose).items():
        os.environ.setdefault(name, value)


def environment_defaults(home: Path, *, start_timeout_s: float, verbose: bool) -> dict[str, str]:
    """Prefect's settings as environment variables: nothing is sent anywhere, everything lies in `home`."""
    return {
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_TELEMETRY_ENABLE_RESOURCE_METRICS": "false",
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        "PREFECT_HOME": str(home),
        "PREFECT_LOGGING_LEVEL": "INFO",  # kept with the run; what the terminal sees is the console's level
        "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "INFO" if verbose else "CRITICAL",  # the command tells errors itself
        "PREFECT_LOGGING_INTERNAL_LEVEL": "ERROR" if verbose else "CRITICAL",  # or whole events are printed
        "PREFECT_LOGGING_EXTRA_LOGGERS": ",".join(LOGGED_PACKAGES),
        "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",  # of threads that no run knows
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": str(round(start_timeout_s)),
    }


@contextmanager
def prefect_server(start_timeout_s: float) -> Iterator[None]:
    """Makes sure that `PREFECT_API_URL` names a living server: the user's if it is set, a private one otherwise.

    Raises `BadInputError` when the user's server does not answer, `TalepressError` when ours does not start.
    """
    given = os.environ.get("PREFECT_API_URL")
    if given:
        hint = "start it with `prefect server start` or unset PREFECT_API_URL"
        require_health(given, hint=hint)
        _require_prefect(given)
        yield
        return
    with _private_server(Path(os.environ["PREFECT_HOME"]), start_timeout_s) as url:
        os.environ["PREFECT_API_URL"] = url
        try:
            yield
        finally:
            del os.environ["PREFECT_API_URL"]


@contextmanager
def _private_server(home: Path, start_timeout_s: float) -> Iterator[str]:
    home.mkdir(parents=True, exist_ok=True)
    prune(home / "prefect.db")
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/api"
    server = PrivateServer(listener, home / "server.log")
    try:
        _await_health(server, url, start_timeout_s)
        server.keep()
        yield url
    finally:
        server.stop()


def _await_health(server: PrivateServer, url: str, timeout_s: float) -> None:
    """Waits until our server answers. Raises `TalepressError` when its process ends, or the time is over."""
    deadline = time.monotonic() + timeout_s
    while True:
        server.check()
        try:
            require_health(url, timeout=OURS_ANSWERS_SECONDS, hint=f"its log is {server.log}")
        except TalepressError:
            if time.monotonic() > deadline:
                raise
            time.sleep(POLL_SECONDS)
        else:
            return


def require_health(url: str, *, hint: str, timeout: float = ANSWER_SECONDS) -> None:
    """Raises `BadInputError` when a server of the user's does not answer, `TalepressError` for one of ours."""
    if "@" in url:
        raise BadInputError(
            "PREFECT_API_URL names a user or password, which messages and pages would show: leave them out of it, and "
            "set PREFECT_API_AUTH_STRING=USER:PASSWORD"
        )
    request = f"{url.rstrip('/')}/health"
    if not request.startswith(("http://", "https://")):
        raise BadInputError(f"PREFECT_API_URL is not an http address: {url}")
    try:
        with urllib.request.urlopen(request, timeout=timeout):
            return
    except (OSError, HTTPException) as error:
        reason = " ".join(str(getattr(error, "reason", error)).split())
        kind = BadInputError if "PREFECT_API_URL" in os.environ else TalepressError
        raise kind(f"the Prefect server at {url} does not answer ({reason}); {hint}") from error


def _require_prefect(url: str) -> None:
    """Raises `BadInputError` when what answers under a user's URL is no Prefect server of our major version.

    Prefect itself would fail on such answers, or try again for minutes. Where the version is not told to strangers (a
    server with a password), it is left to Prefect.
    """
    try:
        with urllib.request.urlopen(f"{url.rstrip('/')}/admin/version", timeout=ANSWER_SECONDS) as answer:
            version = json.loads(answer.read(_LONGEST_VERSION))
    except urllib.error.HTTPError as error:
        if error.code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            return
        version = f"HTTP {error.code}"
    except (OSError, HTTPException, ValueError) as error:
        version = f"nonsense ({error})"
    ours = metadata.version("prefect").partition(".")[0]
    if not isinstance(version, str) or not version.startswith(f"{ours}."):
        raise BadInputError(
            f"what answers at {url} is no Prefect {ours} server (its version: {version}): correct PREFECT_API_URL, or "
            "unset it"
        )


def settle(flow_run_id: UUID | None) -> None:
    """Sends what Prefect still holds back and waits until every task run of the flow run is recorded as finished.

    A server that is stopped earlier loses the last states, prints the loss, and shows those tasks as running for ever.
    When the user has asked for the end there is less time for it.
    """
    from prefect.client.orchestration import get_client
    from prefect.events.worker import EventsWorker
    from prefect.logging.handlers import APILogWorker

    seconds = STOPPED_SETTLE_SECONDS if stopping.requested() else SETTLE_TIMEOUT_SECONDS
    EventsWorker.drain_all(timeout=seconds)
    APILogWorker.drain_all(timeout=seconds)
    if flow_run_id is None:  # the flow never got as far as a run
        return
    deadline = time.monotonic() + seconds
    quiet = 0  # polls in a row without an unfinished run: a task run that the server has yet to hear of is not listed
    with get_client(sync_client=True) as client:
        while quiet < QUIET_POLLS and time.monotonic() < deadline:
            quiet = 0 if unfinished_task_runs(client, flow_run_id) else quiet + 1
            time.sleep(POLL_SECONDS)


def unfinished_task_runs(client: SyncPrefectClient, flow_run_id: UUID) -> list[UUID]:
    """Lists task runs of a flow run that the server does not know as finished, as many as it tells at once."""
    from prefect.client.schemas.filters import (
        FlowRunFilter,
        FlowRunFilterId,
        TaskRunFilter,
        TaskRunFilterState,
        TaskRunFilterStateType,
    )
    from prefect.client.schemas.objects import TERMINAL_STATES, StateType

    unfinished = [kind for kind in StateType if kind not in TERMINAL_STATES]
    runs = client.read_task_runs(
        flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=[flow_run_id])),
        task_run_filter=TaskRunFilter(state=TaskRunFilterState(type=TaskRunFilterStateType(any_=unfinished))),
    )
    return [run.id for run in runs]


def _serve(listener_fd: int) -> None:
    """Runs the server process until the pipe on stdin is closed by the parent or by its death."""
    import uvicorn

    end_with_parent(STOP_TIMEOUT_SECONDS)
    config = uvicorn.Config(
        "prefect.server.api.server:create_app",
        factory=True,
        log_level="error",
        lifespan="on",
        timeout_graceful_shutdown=5,
    )
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=listener_fd)])


if __name__ == "__main__":
    _serve(int(sys.argv[1]))
