"""The flow that makes a book's edition. A run that was interrupted is continued by running it again."""

from __future__ import annotations

from prefect import flow

from flows.order.order import Order, Request
from flows.order.report import RunReport
from flows.run import policies
from flows.run.story import prepare_in_flow, run_order
from flows.services import open_services, read_settings
from storage.records import KeyedUtterance


@flow(**policies.BOOK_FLOW)
def book_to_audio(  # noqa: PLR0913, PLR0917  (a flow has no other way to take its parameters)
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
    """Reads a book, speaks what has not been spoken yet, and publishes the edition.

    Args:
        book: path of an EPUB, text or Markdown file.
        out: folder for the edition.
        voice: who reads; the configured voice if not given.
        preset: quality; the configured preset if not given.
        chapters: `1`, `1-3`, `1,4-5`; all if not given.
        plan: a plan file: chapters renamed, dropped, reordered, text corrected.
        cast: a cast file: which voice speaks for which character.
        lexicon: a lexicon file, besides those of the library.
        locale: en-US or en-GB: how dates and numbers are read; the configured way if not given.
        force: read a book in a language that the model does not speak.
    """
    request = Request(book, out, voice, preset, chapters, plan, cast, lexicon, locale, force)
    with open_services(read_settings(voice, preset, locale)) as services:
        return run_order(prepare_in_flow(services, request), "book_to_audio", unspoken)


def unspoken(order: Order) -> tuple[KeyedUtterance, ...]:
    """The utterances without a take that may be used."""
    with order.services.database.snapshot() as uow:
        return uow.takes.missing(order.source, order.chapters)
