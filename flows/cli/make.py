"""`talepress make`: book files become audiobooks. Knows nothing of how; its options are the fields of a request."""

from __future__ import annotations

import typer

from flows.cli.books import BooksArgument, BooksOption, JsonOption, RecursiveOption
from flows.cli.options import Options, with_options_of
from flows.cli.progress import Form, ProgressForm
from flows.cli.running import Command, run_command
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

    def request_for(book: str) -> Request:
        return Request.from_values({**options, "book": book})

    one_book = {"--plan": options.get("plan")}
    command = Command(names or (), books or "", recursive, json, progress, bool(context.obj), one_book)
    raise typer.Exit(run_command(command, "book-to-audio", request_for))
