"""`talepress lexicon`: lists and imports pronunciation lexicons. Knows nothing of how words are found or said."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.cli.console import emit_json, emit_table, tell
from tasks.counting import counted

app = typer.Typer(help="The lexicons of pronunciations, see docs/lexicons.md.", rich_markup_mode=None)


@app.command("list")
def list_lexicons(json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """Lists the lexicons that are used without being named, and checks them."""
    from flows.order.manuscript import lexicons
    from flows.services import read_settings

    rows = [
        {
            "name": lexicon.source,
            "scope": lexicon.scope.name.lower(),
            "for": lexicon.subject,
            "entries": len(lexicon.entries),
        }
        for lexicon in lexicons(read_settings())
    ]
    if json:
        emit_json({"lexicons": rows})
    else:
        none = "no lexicon is in the library: `talepress lexicon import FILE` puts one there"
        emit_table("", ["name", "scope", "for", "entries"], [list(row.values()) for row in rows], empty=none)


@app.command("import")
def import_lexicon(
    file: Annotated[Path, typer.Argument(help="A W3C pronunciation lexicon (PLS), or a lexicon of ours.")],
    scope: Annotated[str, typer.Option(help="global, series, book or voice.")] = "global",
    subject: Annotated[str, typer.Option("--for", help="The series, book or voice that it is for.")] = "",
    force: Annotated[bool, typer.Option("--force", help="Replace a lexicon of that name.")] = False,
) -> None:
    """Puts a lexicon into the library, where it is used for every book that it fits."""
    from flows.order.manuscript import import_into_library
    from flows.services import read_settings

    target, count = import_into_library(read_settings(), file, scope, subject, replace=force)
    tell(f"imported {counted(count, 'entry', 'entries')} into {target}")
