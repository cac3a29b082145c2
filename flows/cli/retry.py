"""`talepress retry`: further takes for the flagged utterances of the last runs of books.

Knows nothing of how takes are made.
"""

from __future__ import annotations

import time
from pathlib import Path

import typer

from flows.cli.books import BooksArgument, BooksOption, JsonOption, RecursiveOption
from flows.cli.options import Options, with_options_of
from flows.cli.progress import Form, ProgressForm
from flows.cli.running import Ready, run_books
from flows.order.request import Retrial


@with_options_of(Retrial, only=("out", "only", "reason", "hold"), defaults={"out": None})
def retry(
    context: typer.Context,
    options: Options,
    names: BooksArgument = None,
    books: BooksOption = None,
    recursive: RecursiveOption = False,
    json: JsonOption = False,
    progress: ProgressForm = Form.AUTO,
) -> None:
    """Speaks what was flagged again and keeps the best takes, or what --only names. The rest is as in the last run."""
    from flows.order.books import named_books
    from flows.order.existing import last_request, require_idle
    from flows.order.order import prepare
    from flows.order.outcome import finished_report
    from flows.order.retrial import chosen_again
    from flows.services import open_services, read_settings

    def check(book: Path) -> Ready:
        began = time.monotonic()
        with open_services(read_settings()) as services:
            request = last_request(services, {**options, "book": str(book)}, Retrial)
        settings = read_settings(**request.overrides)
        with open_services(settings) as services:
            order = prepare(services, request)
            require_idle(order)
            report = finished_report(order, began)
            if request.only or request.reason or report is None or report.flagged:
                chosen_again(order)  # refuses what cannot be spoken again before Prefect starts
                report = None
            return Ready(order.source, request, settings, report)

    with named_books(names or (), read_settings().ingest, listed=books or "", recursive=recursive) as named:
        named.require_one("--only", options.get("only"))
        code = run_books("retry-failed", named, check, json=json, progress=progress, verbose=bool(context.obj))
    raise typer.Exit(code)
