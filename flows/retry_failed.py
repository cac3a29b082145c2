"""The flow that gives flagged utterances further takes and publishes the edition anew.

Must not know how a take is judged: the rows say what is flagged.
"""

from __future__ import annotations

from prefect import flow

from flows.book_to_audio import unspoken
from flows.order.order import Order
from flows.order.report import RunReport
from flows.order.request import Request
from flows.run import policies
from flows.run.story import prepare_in_flow, run_order
from flows.services import open_services, read_settings
from storage.records import KeyedUtterance
from tasks.package.place import Replace


@flow(name="retry-failed", **policies.BOOK_FLOW)
def retry_failed(request: Request) -> RunReport:
    """As `book_to_audio`, and every flagged utterance gets new takes with new seeds; the best of all takes is kept.

    Args:
        request: what the book was made with.
    """
    with open_services(read_settings(**request.overrides)) as services:
        return run_order(prepare_in_flow(services, request), "retry_failed", unspoken_or_flagged, Replace.SAME_READING)


def unspoken_or_flagged(order: Order) -> tuple[KeyedUtterance, ...]:
    """The utterances without a usable take and the first of each flagged text, in reading order."""
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
