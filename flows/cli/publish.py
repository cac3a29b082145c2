"""`talepress publish`: further files of a finished book, of the same takes. Knows nothing of how a file is written."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from flows.cli.options import Options, with_options_of
from flows.cli.progress import Form, ProgressForm
from flows.order.request import Publication


@with_options_of(Publication, only=("book", "kinds", "out"), defaults={"out": None})
def publish(
    context: typer.Context,
    options: Options,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object at the end.")] = False,
    progress: ProgressForm = Form.AUTO,
) -> None:
    """Publishes a book that was made, in further forms. Nothing is spoken again, nothing encoded twice."""
    from flows.cli.launch import run_flow
    from flows.cli.report import show_report
    from flows.order.existing import find_finished, last_request, require_idle
    from flows.order.order import prepare
    from flows.order.outcome import outcome
    from flows.order.report import Work
    from flows.services import open_services, read_settings

    began = time.monotonic()
    with open_services(read_settings()) as services:
        request = last_request(services, options, Publication)
    settings = read_settings(**request.overrides)
    with open_services(settings) as services:
        order = prepare(services, request)
        require_idle(order)
        done = find_finished(order)
        report = None
        if done is not None:
            report = outcome(order, done.masters, done.edition, Work(), wall_seconds=time.monotonic() - began)
    if report is None:
        report = run_flow("publish", request, settings, verbose=bool(context.obj), progress=progress)
    raise typer.Exit(show_report(report, json=json))
