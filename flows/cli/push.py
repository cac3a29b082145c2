"""`talepress push`: a published book goes to an Audiobookshelf server. Knows nothing of how it is sent."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.cli.console import emit_json, tell


def push(
    folder: Annotated[Path, typer.Argument(help="The book's folder in what `publish --as library` made.")],
    server: Annotated[str, typer.Option(help="The server's address, such as https://books.example.org.")],
    library: Annotated[str, typer.Option(help="The library's name, where the server has several.")] = "",
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Sends a book to an Audiobookshelf server. The token is read from the variable AUDIOBOOKSHELF_TOKEN."""
    from tasks.delivery.audiobookshelf import push_book

    shelf = push_book(folder, server, library)
    if json:
        emit_json({"server": server, "library": shelf.name, "folder": str(folder)})
    else:
        tell(f"{folder.name} is in the library {shelf.name!r} of {server}")
