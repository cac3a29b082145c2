"""`talepress make`: a book file becomes an audiobook. Knows nothing of how; its options are the fields of a request."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from flows.cli.options import Options, with_options_of
from flows.cli.progress import Form, ProgressForm
from flows.order.request import Request

DEFAULT_OUT = "audiobooks"


@with_options_of(Request, defaults={"out": DEFAULT_OUT})
def make(
    context: typer.Context,
    options: Options,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object at the end.")] = False,
    progress: ProgressForm = Form.AUTO,
) -> None:
    """Makes an audiobook. The same command continues an interrupted run and renders nothing twice."""
    from flows.cli.launch import run_flow
    from flows.cli.report import show_report
    from flows.order.existing import find_finished, require_idle
    from flows.order.order import prepare
    from flows.order.outcome import outcome
    from flows.order.report import Work
    from flows.services import open_services, read_settings

    began = time.monotonic()
    request = Request.from_values(options)
    settings = read_settings(**request.overrides)
    with open_services(settings) as services:
        order = prepare(services, request)
        require_idle(order)
        done = find_finished(order)
        report = None
        if done is not None:
            report = outcome(order, done.masters, done.edition, Work(), wall_seconds=time.monotonic() - began)
    if report is None:
        report = run_flow("book-to-audio", request, settings, verbose=bool(context.obj), progress=progress)
    raise typer.Exit(show_report(report, json=json))
