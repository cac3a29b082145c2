"""`talepress retry`: further takes for the flagged utterances of a book's last run.

Knows nothing of how takes are made.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.options import Asked, with_options_of
from flows.order.request import Request
from tasks.errors import BadInputError

if TYPE_CHECKING:
    from flows.services import Services
    from storage.records import Run


@with_options_of(Request, only=("book", "out"), defaults={"out": None})
def retry(
    context: typer.Context,
    asked: Asked,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object at the end.")] = False,
) -> None:
    """Speaks what was flagged again and keeps the best takes. The rest is as in the last run."""
    from flows.cli.launch import run_flow
    from flows.cli.report import show_report
    from flows.order.existing import finished_edition, require_idle
    from flows.order.order import prepare
    from flows.order.outcome import outcome
    from flows.order.report import Work
    from flows.services import open_services, read_settings

    began = time.monotonic()
    with open_services(read_settings()) as services:
        request = last_request(services, asked)
    settings = read_settings(**request.overrides)
    with open_services(settings) as services:
        order = prepare(services, request)
        require_idle(order)
        edition = finished_edition(order)
        report = outcome(order, edition, Work(), wall_seconds=time.monotonic() - began) if edition else None
    if report is None or report.flagged:
        report = run_flow("retry-failed", request, settings, verbose=bool(context.obj))
    raise typer.Exit(show_report(report, json=json))


def last_request(services: Services, asked: Asked) -> Request:
    """What the last run of a book was asked for, with `asked` in its place where that is given.

    Raises `BadInputError` when there was no run.
    """
    from flows.order.existing import source_of

    book = Path(asked["book"])
    source = source_of(book)
    runs: tuple[Run, ...] = ()
    if services.has_database():
        with services.database.snapshot() as uow:
            runs = uow.runs.of(source) if uow.books.exists(source) else ()
    if not runs:
        raise BadInputError(f"{book} was never made; `talepress make` does that")
    return Request.recorded({**runs[0].request, "overwrite": False, **asked})
