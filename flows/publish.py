"""The flow that publishes a book that is spoken already: further kinds of files, or what people have approved.

Must not know which kinds there are: `tasks/package/outputs` lists them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prefect import flow
from prefect.client.schemas.objects import State

from flows.book_to_audio import unspoken
from flows.order.report import RunReport
from flows.order.request import Publication
from flows.run import policies
from storage.records import KeyedUtterance
from tasks.errors import BadInputError

if TYPE_CHECKING:
    from flows.order.order import Order


@flow(name="publish", **policies.BOOK_FLOW)
def publish(request: Publication) -> RunReport | State[RunReport]:
    """Writes files of a finished book, as `book_to_audio` does at its end, in place of those of the same reading.

    It ends in the state AwaitingReview where its review asks for people's word and they have not given it.

    Args:
        request: which book, and which kinds of files; what is not given is as in the book's last run.
    """
    from flows.order.existing import last_request
    from flows.run.story import run_request
    from flows.services import open_services, read_settings
    from tasks.package.place import Replace

    with open_services(read_settings()) as services:
        whole = last_request(services, request.model_dump(exclude_defaults=True), Publication)
    return run_request(whole, "publish", nothing_to_speak, Replace.SAME_READING)


def nothing_to_speak(order: Order) -> tuple[KeyedUtterance, ...]:
    """Speaks nothing. Raises `BadInputError` where something has not been spoken."""
    left = unspoken(order)
    if left:
        raise BadInputError(
            f"{order.request.label}: {len(left)} of {len(order.keyed)} utterances are not spoken yet: finish the book "
            "with `talepress make`, then publish it"
        )
    return ()
