"""The flow that gives flagged utterances further takes and publishes the edition anew."""

from __future__ import annotations

from prefect import flow

from flows.book_to_audio import unspoken
from flows.order.order import Order, Request
from flows.order.report import RunReport
from flows.run import policies
from flows.run.story import prepare_in_flow, run_order
from flows.services import open_services, read_settings
from storage.records import KeyedUtterance


@flow(**policies.RETRY_FLOW)
def retry_failed(  # noqa: PLR0913, PLR0917  (a flow has no other way to take its parameters)
    book: str,
    out: str,
    voice: str | None = None,
    preset: str | None = None,
    chapters: str | None = None,
    plan: str | None = None,
    cast: str | None = None,
    lexicon: str | None = None,
    locale: str | None = None,
    force: bool = False,
) -> RunReport:
    """As `book_to_audio`, and every flagged utterance gets new takes with new seeds; the best of all takes is kept."""
    request = Request(book, out, voice, preset, chapters, plan, cast, lexicon, locale, force)
    with open_services(read_settings(voice, preset, locale)) as services:
        return run_order(prepare_in_flow(services, request), "retry_failed", unspoken_or_flagged)


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
