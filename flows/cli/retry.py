"""`talepress retry`: further takes for the flagged utterances of a book's last run."""

from __future__ import annotations

import time
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tasks.errors import BadInputError

if TYPE_CHECKING:
    from flows.order.order import Request
    from flows.services import Services
    from storage.records import Run


def retry(
    context: typer.Context,
    book: Annotated[Path, typer.Argument(help="The book file, as given to `talepress make`.")],
    out: Annotated[Path | None, typer.Option(help="Folder for the audiobook; the last run's if not given.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object at the end.")] = False,
) -> None:
    """Speaks what was flagged again, with the voice, preset and chapters of the last run, and keeps the best takes."""
    from flows.cli.launch import run_flow
    from flows.cli.report import show_report
    from flows.order.existing import finished_edition, require_idle
    from flows.order.order import prepare
    from flows.order.outcome import outcome
    from flows.services import open_services, read_settings

    began = time.monotonic()
    with open_services(read_settings()) as services:
        request = _last_request(services, book, out)
    settings = read_settings(request.voice, request.preset, request.locale)
    with open_services(settings) as services:
        order = prepare(services, request)
        require_idle(order)
        edition = finished_edition(order)
        report = outcome(order, edition, wall_seconds=time.monotonic() - began) if edition else None
    if report is None or report.flagged:
        report = run_flow("retry_failed", request, settings, verbose=bool(context.obj))
    raise typer.Exit(show_report(report, json=json))


def _last_request(services: Services, book: Path, out: Path | None) -> Request:
    """What the last run of the book was asked for. Raises `BadInputError` when there was none."""
    from flows.order.existing import source_of
    from flows.order.order import Request

    source = source_of(book)
    runs: tuple[Run, ...] = ()
    if services.has_database():
        with services.database.snapshot() as uow:
            runs = uow.runs.of(source) if uow.books.exists(source) else ()
    if not runs:
        raise BadInputError(f"{book} was never made; `talepress make` does that")
    known = {field.name for field in fields(Request)}
    asked = {name: str(value) for name, value in runs[0].request.items() if name in known and value is not None}
    asked["book"] = str(book.absolute())
    if out is not None:
        asked["out"] = str(out.absolute())
    return Request(**asked)
