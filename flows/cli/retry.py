"""`talepress retry`: further takes for the flagged utterances of the last runs of books.

Knows nothing of how takes are made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from flows.cli.books import BooksArgument, BooksOption, JsonOption, RecursiveOption
from flows.cli.options import Options, with_options_of
from flows.cli.progress import Form, ProgressForm
from flows.cli.running import Command, last_request_with, run_command
from flows.order.request import Retrial

if TYPE_CHECKING:
    from flows.order.order import Order
    from flows.order.report import RunReport


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
    from flows.order.outcome import finished_report
    from flows.order.retrial import REJECTED, chosen_again, reasons_of

    def finished(order: Order, began: float) -> RunReport | None:
        report = finished_report(order, began)
        again = chosen_again(order)  # refuses what cannot be spoken again before Prefect starts
        if again or REJECTED in reasons_of(options.get("reason", "")):  # whose run notes that people's words are heeded
            return None
        return report

    one_book = {"--only": options.get("only")}
    command = Command(names or (), books or "", recursive, json, progress, bool(context.obj), one_book)
    raise typer.Exit(run_command(command, "retry-failed", last_request_with(options, Retrial), finished))
