"""The flow that publishes a book of which all is spoken, once people have heard what they want to hear.

Must not know how an edition is written, nor what people decided.
"""

from __future__ import annotations

from prefect import flow
from prefect.client.schemas.objects import State

from flows.order.order import Order
from flows.order.report import RunReport
from flows.order.request import Request
from flows.run import policies
from flows.run.story import run_request
from storage.records import KeyedUtterance
from tasks.errors import BadInputError
from tasks.package.place import Replace


@flow(name="publish", **policies.BOOK_FLOW)
def publish(request: Request) -> RunReport | State[RunReport]:
    """Masters what is not mastered yet and publishes the edition, in place of the one of the same reading.

    It ends in the state AwaitingReview where `request.review` asks for people's word and they have not given it.

    Args:
        request: what the book was made with.
    """
    return run_request(request, "publish", nothing_unspoken, Replace.SAME_READING)


def nothing_unspoken(order: Order) -> tuple[KeyedUtterance, ...]:
    """Returns no utterance. Raises `BadInputError` where one is still to be spoken: this flow needs no engine."""
    with order.services.database.snapshot() as uow:
        missing = uow.takes.missing(order.source, order.chapters)
    if missing:
        raise BadInputError(
            f"{order.book.title}: utterances still to be spoken: {len(missing)}, the first is "
            f"{missing[0].utterance.text[:60]!r}: `talepress retry BOOK --reason rejected --hold` speaks them"
        )
    return ()
