"""The flow that gives flagged utterances further takes and publishes the edition anew.

Must not know how a take is judged: the rows say what is flagged.
"""

from __future__ import annotations

from prefect import flow
from prefect.client.schemas.objects import State

from flows.book_to_audio import unspoken
from flows.order.order import Order
from flows.order.report import RunReport
from flows.order.request import Request
from flows.run import policies
from flows.run.story import run_request
from storage.records import KeyedUtterance


@flow(name="retry-failed", **policies.BOOK_FLOW)
def retry_failed(request: Request) -> RunReport | State[RunReport]:
    """As `book_to_audio`, and every flagged utterance gets new takes with new seeds; the best of all takes is kept.

    Args:
        request: what the book was made with.
    """
    return run_request(request, "retry_failed", unspoken_or_flagged)


def unspoken_or_flagged(order: Order) -> tuple[KeyedUtterance, ...]:
    """Lists the utterances without a usable take and the first of each flagged text, in reading order."""
    with order.services.database.snapshot() as uow:
        flagged = {
            (item.utterance.chapter_index, item.utterance.index)
            for item in uow.takes.flagged(order.source, order.chapters)
        }
    again: dict[str, KeyedUtterance] = {item.key: item for item in unspoken(order)}
    for item in order.keyed:
        if (item.utterance.chapter_index, item.utterance.index) in flagged:
            again.setdefault(item.key, item)
    return tuple(sorted(again.values(), key=lambda item: (item.utterance.chapter_index, item.utterance.index)))
