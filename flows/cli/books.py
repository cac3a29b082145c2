"""How commands are told which books they are about. Knows nothing of what they do with them."""

from __future__ import annotations

from typing import Annotated

import typer

BooksArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="BOOK",
        help="Book files; folders of books; the index page of a book in HTML, or its folder; - for standard input.",
        show_default=False,
    ),
]
BookArgument = Annotated[
    str,
    typer.Argument(
        metavar="BOOK",
        help="A book file, the index page of a book in HTML or its folder, or - for standard input.",
    ),
]
BooksOption = Annotated[
    str | None, typer.Option("--books", metavar="FILE", help="A file of books, one path a line; - for standard input.")
]
RecursiveOption = Annotated[bool, typer.Option("--recursive", help="Look for books in folders of folders too.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object at the end.")]
