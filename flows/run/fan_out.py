"""Starts runs of other doors from within a run, each once, however often the run is tried again.

Knows nothing of what they are asked for.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from prefect import runtime
from prefect.client.schemas.objects import FlowRun
from prefect.deployments import run_deployment
from pydantic import BaseModel

from flows.run.deployments import full_name

logger = logging.getLogger(__name__)


def start_each(door: str, requests: Iterable[tuple[str, BaseModel]]) -> int:
    """Starts a run of a door for each request, which comes with the identity of what it is about. Returns how many."""
    count = 0
    for identity, request in requests:
        started = run_deployment(
            full_name(door),
            parameters={"request": request.model_dump(mode="json")},
            timeout=0,
            as_subflow=False,
            idempotency_key=f"{runtime.flow_run.id}-{identity}",
        )
        assert isinstance(started, FlowRun)  # not a coroutine: nothing here is asynchronous
        logger.info("%s: started as %s", getattr(request, "label", identity), started.name)
        count += 1
    return count
