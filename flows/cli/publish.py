"""`talepress publish`: further files of finished books, of the same takes. Knows nothing of how a file is written."""

from __future__ import annotations

import typer

from flows.cli.books import BooksArgument, BooksOption, JsonOption, RecursiveOption
from flows.cli.options import Options, with_options_of
from flows.cli.progress import Form, ProgressForm
from flows.cli.running import Command, last_request_with, run_command
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
    """Publishes books as their last run made them, in further forms. Nothing is spoken again, nothing encoded twice."""
    command = Command(names or (), books or "", recursive, json, progress, bool(context.obj), {})
    raise typer.Exit(run_command(command, "publish", last_request_with(options, Publication)))
