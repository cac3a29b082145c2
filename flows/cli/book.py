"""`talepress book`: lists the books that are remembered, and forgets one. Knows nothing of how books are kept."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.console import Yes, emit_json, emit_table, require_consent, tell
from flows.cli.status import NO_BOOK
from tasks.errors import BadInputError

if TYPE_CHECKING:
    from configs.settings import IngestSettings
    from storage.summaries import BookSummary

SHORT_DIGITS = 8
MIN_DIGITS = 4

app = typer.Typer(help="The books that are remembered.", rich_markup_mode=None)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.command("list")
def list_books(json: Json = False) -> None:
    """Lists the books that were made, or begun, the latest first."""
    from flows.services import open_services, read_settings

    with open_services(read_settings()) as services:
        books = services.books()
    rows = [
        {"id": book.source_sha256, "title": book.title, "authors": list(book.authors), "last_run": book.last_run_state}
        for book in books
    ]
    if json:
        emit_json({"books": rows})
        return
    table = [[book.source_sha256[:SHORT_DIGITS], book.title, ", ".join(book.authors)] for book in books]
    emit_table("", ["id", "title", "authors"], table, empty=NO_BOOK)


@app.command("remove")
def remove_book(
    book: Annotated[str, typer.Argument(help="The book file, or its id as `talepress book list` shows it.")],
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Forgets a book and its runs. Published audiobooks stay, and so do takes: `talepress clean` removes those."""
    from flows.services import open_services, read_settings

    with open_services(read_settings()) as services:
        found = _find(book, services.books(), services.settings.ingest)
        require_consent(
            f"forget {found.title!r} with its script, runs and reports; its audiobooks and takes stay", yes=yes
        )
        with services.database.unit_of_work() as uow:
            uow.books.remove(found.source_sha256)
            uow.commit()
    if json:
        emit_json({"removed": found.source_sha256, "title": found.title})
    else:
        tell(f"forgot {found.title}; its takes stay until `talepress clean --remove takes`")


def _find(name: str, books: tuple[BookSummary, ...], settings: IngestSettings) -> BookSummary:
    """Finds the one book that a file or the start of an id names. Raises `BadInputError`."""
    from tasks.ingest.book import identity_of

    if Path(name).exists() and name:
        source = identity_of(Path(name), settings)
        found = [book for book in books if book.source_sha256 == source]
    else:
        found = [book for book in books if len(name) >= MIN_DIGITS and book.source_sha256.startswith(name.lower())]
    if len(found) == 1:
        return found[0]
    why = "more than one book begins so" if found else "no such book is remembered"
    raise BadInputError(f"{name}: {why}; `talepress book list` shows the ids")
