"""`talepress worst`: the takes of a book that its listener understood worst. Knows nothing of how anybody listens."""

from __future__ import annotations

from typing import Annotated

import typer

from flows.cli.books import BookArgument
from flows.cli.console import emit_json, emit_table


def worst(
    book: BookArgument,
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many to show.")] = 20,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Lists the takes in use that were heard worst, the worst first, and what was heard of them."""
    from flows.actions.worst import worst_heard
    from flows.order.books import named_book
    from flows.services import open_services, read_settings

    with named_book(book, read_settings().ingest) as file, open_services(read_settings()) as services:
        found = worst_heard(services, file, count)
    if json:
        emit_json({"takes": [item.as_json() for item in found]})
        return
    rows: list[list[object]] = [
        [item.place, f"{item.score:.2f}", "; ".join(item.reasons) or "nothing wrong", item.text] for item in found
    ]
    emit_table(
        "heard worst (`talepress retry BOOK --only PLACE` speaks one again)", ["place", "heard", "", "text"], rows
    )
