"""Says to Prefect's server who runs a flow run and what it is about: its process, its name, its tags.

The process is a label, by which `flows/operate/sweep.py` sees later whether it lives. Knows nothing of how a run goes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from prefect import runtime
from prefect.client.orchestration import get_client

from storage.processes import this_process

if TYPE_CHECKING:  # the stages of a book are seconds to import, and doors that make none introduce themselves too
    from flows.order.order import Order

PROCESS = "talepress.process"  # the label


def introduce_process() -> None:
    """Notes in the flow run that is under way that the calling process runs it. For a door's first line."""
    with get_client(sync_client=True) as client:
        client.update_flow_run_labels(UUID(runtime.flow_run.id), {PROCESS: this_process()})


def introduce_book(order: Order) -> None:
    """Names the flow run that is under way after its book and voice, and tags it with what people look for."""
    voice = order.voice.name
    tags = [*runtime.flow_run.tags, voice, order.services.settings.synthesize.preset]
    with get_client(sync_client=True) as client:
        name = f"{order.book.title} · {voice}"
        client.update_flow_run(UUID(runtime.flow_run.id), name=name, tags=list(dict.fromkeys(tags)))
