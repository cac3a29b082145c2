"""The flows that can be started by name, by a command or as a deployment: one line for each.

An entrypoint is a module path, as an installed package needs it. `talepress deploy` makes the deployments of this
table (`flows/operate/deploy.py`); `deploy/prefect.yaml` is written from it for those who use Prefect's own command.
Knows nothing of what a flow does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from prefect import Flow
from prefect.deployments import run_deployment
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError

from flows.order.request import Request
from tasks.errors import BadInputError

GPU = "gpu"  # the pool of what speaks: one run per device
DESK = "desk"  # the pool of what needs no engine
MOST_DETAIL_CHARS = 300
REFUSED = (409, 422)  # what Prefect's server answers where values do not fit the deployment's form
POOLS = {GPU: "What speaks: one run per device.", DESK: "What needs no engine."}


@dataclass(frozen=True)
class Door:
    """A flow that can be started by name, and how its deployment runs."""

    name: str  # of the flow and of its deployment
    entrypoint: str
    pool: str
    description: str
    cron: str = ""  # when it runs by itself on every box, in UTC; "": only when asked for
    alone: bool = False  # a second run at the same time is cancelled


DOORS = (
    Door("book-to-audio", "flows.book_to_audio.book_to_audio", GPU, "Makes an audiobook of a book file."),
    Door("retry-failed", "flows.retry_failed.retry_failed", GPU, "Speaks again what the checks doubt."),
    Door("inbox", "flows.watch_inbox.watch_inbox", DESK, "Looks at the inbox, delivers.", cron="* * * * *", alone=True),
    Door("publish", "flows.publish.publish", DESK, "Writes further files of a book that is spoken."),
    Door("make-folder", "flows.make_folder.make_folder", DESK, "Makes the books of a folder that are not made yet."),
    Door("retry-flagged", "flows.retry_flagged.retry_flagged", DESK, "Retries every book with doubtful takes."),
    Door("sweep", "flows.sweep.sweep", DESK, "Finds runs whose process is gone.", cron="*/5 * * * *", alone=True),
    Door("maintain", "flows.maintain.maintain", DESK, "Backs up, tidies, verifies.", cron="17 3 * * *", alone=True),
)

ENTRYPOINTS = {door.name: door.entrypoint for door in DOORS}


def find_flow(name: str) -> Flow[..., Any]:
    """Imports the flow of that name. Raises `KeyError` for a name that is not in the table."""
    module, _, function = ENTRYPOINTS[name].rpartition(".")
    flow: Flow[..., Any] = getattr(import_module(module), function)
    return flow


def full_name(door: str) -> str:
    """The name of a door's deployment in Prefect's words: flow and deployment."""
    return f"{door}/{door}"


def start(name: str, request: Request, once: str, tags: Sequence[str] = ()) -> str:
    """Has the deployment of a flow, which has the flow's name, start a run; the same `once` again finds that run.

    Returns the flow run's id. Raises `BadInputError` where the server has no such deployment, or its form refuses
    the request.
    """
    asked = {"request": request.model_dump(mode="json")}
    try:
        run: Any = run_deployment(  # typed as if it could be awaited
            full_name(name), parameters=asked, idempotency_key=once, timeout=0, as_subflow=False, tags=list(tags)
        )
    except ObjectNotFound as error:
        raise BadInputError(f"Prefect has no deployment {name!r}: `talepress deploy` makes it") from error
    except PrefectHTTPStatusError as error:
        if error.response.status_code not in REFUSED:
            raise
        raise BadInputError(
            f"the form of the deployment {name!r} refuses the order: {_detail(error)}; `talepress deploy` tells it of "
            "a voice that was added since"
        ) from error
    return str(run.id)


def _detail(error: PrefectHTTPStatusError) -> str:
    """What the server says of a refusal, in one line."""
    try:
        said = error.response.json()["detail"]
    except (ValueError, KeyError, TypeError):
        said = error.response.text
    return " ".join(str(said).split())[:MOST_DETAIL_CHARS]
