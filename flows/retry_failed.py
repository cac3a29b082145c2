"""The flow that gives flagged utterances further takes and publishes the edition anew.

Must not know how a take is judged: the rows say what is flagged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prefect import flow
from prefect.client.schemas.objects import State

from flows.book_to_audio import unspoken
from flows.order.report import RunReport
from flows.order.request import Retrial
from flows.run import policies
from storage.records import KeyedUtterance

if TYPE_CHECKING:
    from flows.order.order import Order


@flow(name="retry-failed", **policies.BOOK_FLOW)
def retry_failed(request: Retrial) -> RunReport | State[RunReport]:
    """As `book_to_audio`, and flagged utterances get new takes with new seeds; the best of all takes is kept.

    An utterance that is asked for by its place gets one of its new takes in any case.

    Args:
        request: which book, and what of it; what is not given is as in the book's last run.
    """
    from flows.order.existing import last_request
    from flows.run.story import run_request
    from flows.services import open_services, read_settings
    from tasks.package.place import Replace

    with open_services(read_settings()) as services:
        whole = last_request(services, request.model_dump(exclude_defaults=True), Retrial)
    return run_request(whole, "retry_failed", unspoken_or_asked_for, Replace.SAME_READING)


def unspoken_or_asked_for(order: Order) -> tuple[KeyedUtterance, ...]:
    """Lists the utterances without a usable take and those asked for, the first of each text, in reading order."""
    from flows.order.retrial import chosen_again

    again: dict[str, KeyedUtterance] = {item.key: item for item in unspoken(order)}
    for item in chosen_again(order):
        again.setdefault(item.key, item)
    return tuple(sorted(again.values(), key=lambda item: (item.utterance.chapter_index, item.utterance.index)))
