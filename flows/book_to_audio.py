"""The flow that makes a book's edition. A run that was interrupted is continued by running it again.

Must not know how any step is done: `flows/run/story.py` has the steps, `tasks` does them. They are imported when a run
begins: a form, and a worker that looks after a run, ask for the flow alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prefect import flow
from prefect.client.schemas.objects import State

from flows.order.report import RunReport
from flows.order.request import Request
from flows.run import policies
from storage.records import KeyedUtterance

if TYPE_CHECKING:
    from flows.order.order import Order


@flow(name="book-to-audio", **policies.BOOK_FLOW)
def book_to_audio(request: Request) -> RunReport | State[RunReport]:
    """Reads a book, speaks what has not been spoken yet, and publishes the edition.

    Args:
        request: which book, how it is read, and where the edition goes.
    """
    from flows.run.story import run_request
    from tasks.package.place import Replace

    return run_request(request, "book_to_audio", unspoken, Replace.NONE)


def unspoken(order: Order) -> tuple[KeyedUtterance, ...]:
    """Lists the utterances without a take that may be used."""
    return order.services.database.read(lambda uow: uow.takes.missing(order.source, order.chapters))
