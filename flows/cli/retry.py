"""`talepress retry`: further takes for the flagged utterances of a book's last run.

Knows nothing of how takes are made.
"""

from __future__ import annotations

import time
from typing import Annotated

import typer

from flows.cli.options import Options, with_options_of
from flows.cli.progress import Form, ProgressForm
from flows.order.request import Retrial


@with_options_of(Retrial, only=("book", "out", "only", "reason", "hold"), defaults={"out": None})
def retry(
    context: typer.Context,
    options: Options,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object at the end.")] = False,
    progress: ProgressForm = Form.AUTO,
) -> None:
    """Speaks what was flagged again and keeps the best takes, or what --only names. The rest is as in the last run."""
    from flows.cli.launch import run_flow
    from flows.cli.report import show_report
    from flows.order.existing import find_finished, last_request, require_idle
    from flows.order.order import prepare
    from flows.order.outcome import outcome
    from flows.order.report import Work
    from flows.order.retrial import chosen_again
    from flows.services import open_services, read_settings

    began = time.monotonic()
    with open_services(read_settings()) as services:
        request = last_request(services, options, Retrial)
    settings = read_settings(**request.overrides)
    with open_services(settings) as services:
        order = prepare(services, request)
        require_idle(order)
        done = find_finished(order)
        report = None
        if done is not None:
            report = outcome(order, done.masters, done.edition, Work(), wall_seconds=time.monotonic() - began)
        if request.only or request.reason or report is None or report.flagged:
            chosen_again(order)  # refuses what cannot be spoken again before Prefect starts
            report = None
    if report is None:
        report = run_flow("retry-failed", request, settings, verbose=bool(context.obj), progress=progress)
    raise typer.Exit(show_report(report, json=json))
