"""`talepress make`: a book file becomes an audiobook."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

DEFAULT_OUT = Path("audiobooks")


def make(
    context: typer.Context,
    book: Annotated[Path, typer.Argument(help="The book file.")],
    out: Annotated[Path, typer.Option(help="Folder for the audiobook.")] = DEFAULT_OUT,
    voice: Annotated[str | None, typer.Option(help="Who reads; see `talepress voice list`.")] = None,
    preset: Annotated[str | None, typer.Option(help="One of the model's presets; see `talepress model list`.")] = None,
    chapters: Annotated[str | None, typer.Option(help="1, 1-3 or 1,4-5; all if not given.")] = None,
    plan: Annotated[Path | None, typer.Option(help="A plan file; `talepress plan --write` makes one.")] = None,
    cast: Annotated[Path | None, typer.Option(help="A cast file: which voice speaks for which character.")] = None,
    lexicon: Annotated[Path | None, typer.Option(help="A lexicon file, besides those of the library.")] = None,
    locale: Annotated[str | None, typer.Option(help="en-US or en-GB: how dates and numbers are read.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Read even a book in a language that is not spoken.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object at the end.")] = False,
) -> None:
    """Makes an audiobook. The same command continues an interrupted run and renders nothing twice."""
    from flows.cli.launch import run_flow
    from flows.cli.report import show_report
    from flows.order.existing import finished_edition, require_idle
    from flows.order.order import Request, prepare
    from flows.order.outcome import outcome
    from flows.services import open_services, read_settings

    began = time.monotonic()
    files = [None if file is None else str(file.absolute()) for file in (plan, cast, lexicon)]
    request = Request(str(book.absolute()), str(out.absolute()), voice, preset, chapters, *files, locale, force)
    settings = read_settings(voice, preset, locale)
    with open_services(settings) as services:
        order = prepare(services, request)
        require_idle(order)
        edition = finished_edition(order)
        report = outcome(order, edition, wall_seconds=time.monotonic() - began) if edition else None
    if report is None:
        report = run_flow("book_to_audio", request, settings, verbose=bool(context.obj))
    raise typer.Exit(show_report(report, json=json))
