"""`talepress publish`: further files of finished books, of the same takes. Knows nothing of how a file is written."""

from __future__ import annotations

import time
from pathlib import Path

import typer

from flows.cli.books import BooksArgument, BooksOption, JsonOption, RecursiveOption
from flows.cli.options import Options, with_options_of
from flows.cli.progress import Form, ProgressForm
from flows.cli.running import Ready, run_books
from flows.order.request import Publication


@with_options_of(Publication, only=("kinds", "out"), defaults={"out": None})
def publish(
    context: typer.Context,
    options: Options,
    names: BooksArgument = None,
    books: BooksOption = None,
    recursive: RecursiveOption = False,
    json: JsonOption = False,
    progress: ProgressForm = Form.AUTO,
) -> None:
    """Publishes books that were made, in further forms. Nothing is spoken again, nothing encoded twice."""
    from flows.order.books import named_books
    from flows.order.existing import last_request, require_idle
    from flows.order.order import prepare
    from flows.order.outcome import finished_report
    from flows.services import open_services, read_settings

    def check(book: Path) -> Ready:
        began = time.monotonic()
        with open_services(read_settings()) as services:
            request = last_request(services, {**options, "book": str(book)}, Publication)
        settings = read_settings(**request.overrides)
        with open_services(settings) as services:
            order = prepare(services, request)
            require_idle(order)
            return Ready(order.source, request, settings, finished_report(order, began))

    with named_books(names or (), read_settings().ingest, listed=books or "", recursive=recursive) as named:
        code = run_books("publish", named, check, json=json, progress=progress, verbose=bool(context.obj))
    raise typer.Exit(code)
