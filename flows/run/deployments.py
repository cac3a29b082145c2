"""The flows that can be started by name, by a command or as a deployment: one line for each.

An entry is a module path, as Prefect's own deployments want it, so this module knows nothing of what a flow does. With
`PREFECT_API_URL` set, `find_flow(NAME).to_deployment(TITLE, entrypoint_type=EntrypointType.MODULE_PATH).apply()` makes
a deployment (`EntrypointType` is of `prefect.deployments.runner`); its one parameter is a `Request`.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from prefect import Flow
from prefect.deployments import run_deployment
from prefect.exceptions import ObjectNotFound

from flows.order.request import Request
from tasks.errors import BadInputError

ENTRYPOINTS = {
    "book-to-audio": "flows.book_to_audio.book_to_audio",
    "retry-failed": "flows.retry_failed.retry_failed",
    "publish": "flows.publish.publish",
}


def find_flow(name: str) -> Flow[..., Any]:
    """Imports the flow of that name. Raises `KeyError` for a name that is not in the table."""
    module, _, function = ENTRYPOINTS[name].rpartition(".")
    flow: Flow[..., Any] = getattr(import_module(module), function)
    return flow


def start(name: str, request: Request, once: str) -> None:
    """Has the deployment of a flow, which has the flow's name, start a run; the same `once` again starts none.

    Raises `BadInputError` where the server has no such deployment.
    """
    asked = {"request": request.model_dump(mode="json")}
    try:
        run_deployment(f"{name}/{name}", parameters=asked, idempotency_key=once, timeout=0, as_subflow=False)
    except ObjectNotFound as error:
        raise BadInputError(f"Prefect has no deployment {name!r}: `talepress deploy` makes it") from error
