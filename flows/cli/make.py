"""`talepress make`: book files become audiobooks. Knows nothing of how; its options are the fields of a request."""

from __future__ import annotations

import time
from pathlib import Path

import typer

from flows.cli.books import BooksArgument, BooksOption, JsonOption, RecursiveOption
from flows.cli.options import Options, with_options_of
from flows.cli.progress import Form, ProgressForm
from flows.cli.running import Ready, run_books
from flows.order.request import Request

DEFAULT_OUT = "audiobooks"


@with_options_of(Request, only=Request.model_fields.keys() - {"book"}, defaults={"out": DEFAULT_OUT})
def make(
    context: typer.Context,
    options: Options,
    names: BooksArgument = None,
    books: BooksOption = None,
    recursive: RecursiveOption = False,
    json: JsonOption = False,
    progress: ProgressForm = Form.AUTO,
) -> None:
    """Makes audiobooks. The same command continues an interrupted run and renders nothing twice."""
    from flows.order.books import named_books
    from flows.order.existing import require_idle
    from flows.order.order import prepare
    from flows.order.outcome import finished_report
    from flows.services import open_services, read_settings

    def check(book: Path) -> Ready:
        began = time.monotonic()
        request = Request.from_values({**options, "book": str(book)})
        settings = read_settings(**request.overrides)
        with open_services(settings) as services:
            order = prepare(services, request)
            require_idle(order)
            return Ready(order.source, request, settings, finished_report(order, began))

    with named_books(names or (), read_settings().ingest, listed=books or "", recursive=recursive) as named:
        named.require_one("--plan", options.get("plan"))
        code = run_books("book-to-audio", named, check, json=json, progress=progress, verbose=bool(context.obj))
    raise typer.Exit(code)
