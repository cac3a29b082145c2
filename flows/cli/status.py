"""`talepress status`: what is in the database and what runs on this box. Must not change a row or load a model."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.cli.console import emit_json, emit_table, shown_time, tell

if TYPE_CHECKING:
    from flows.actions.box import BoxNote, RunNote
    from storage.records import Edition, Run
    from storage.summaries import BookSummary, ChapterSummary

NO_BOOK = "no book has been made yet: `talepress make BOOK` makes one"
COMMANDS = {"book_to_audio": "make", "retry_failed": "retry", "publish": "publish"}  # of the flows of a book
COUNTS = ("spoken", "asked for", "utterances")


def status(
    book: Annotated[
        str | None, typer.Argument(metavar="BOOK", help="A book, as `talepress make` takes it; all books without it.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Shows how far each book is, or each chapter of one book."""
    if book is None:
        _all_books(json)
    else:
        _one_book(book, json)


def _all_books(json: bool) -> None:
    from flows.actions.box import read_note
    from flows.services import open_services, read_settings

    settings = read_settings()
    with open_services(settings) as services, services.database.snapshot() as uow:
        books = uow.books.summaries()
    note = read_note(settings.storage.folder)
    runs = _runs_of(note) if note is not None else []
    if json:
        known = None if runs is None else [asdict(run) for run in runs]
        box = None if note is None else {**asdict(note), "runs": known}
        emit_json({"books": [_book_json(summary) for summary in books], "up": box})
        return
    if note is not None:
        _print_box(note, runs)
    rows = [
        [
            summary.title,
            ", ".join(summary.authors),
            summary.chapters,
            _spoken(summary),
            summary.flagged,
            _length(summary.seconds),
            summary.last_run_state or "-",
        ]
        for summary in books
    ]
    emit_table("", ["title", "authors", "chapters", "spoken", "flagged", "speech", "last run"], rows, empty=NO_BOOK)


def _runs_of(note: BoxNote) -> list[RunNote] | None:
    """Asks which runs are under way. None, and a word, where the server does not answer: books are shown still."""
    from flows.actions.box import runs_under_way
    from tasks.errors import TalepressError

    try:
        return runs_under_way(note.api)
    except TalepressError as error:
        tell(f"which runs are under way is not known: {error}")
        return None


def _print_box(note: BoxNote, runs: list[RunNote] | None) -> None:
    """Shows what `talepress up` runs, and which runs are under way."""
    rows = [[p.name, f"process {p.pid}" if p.pid else "being started again", p.starts, p.address] for p in note.parts]
    emit_table(
        f"talepress up, since {shown_time(datetime.fromisoformat(note.since))}",
        ["runs", "as", "starts", "address"],
        rows,
    )
    if runs:
        rows = [[r.name, r.flow, r.state, shown_time(datetime.fromisoformat(r.since))] for r in runs]
        emit_table("", ["run", "of", "state", "since"], rows)


def _one_book(book: str, json: bool) -> None:
    from flows.order.books import named_book
    from flows.order.existing import known_source
    from flows.services import open_services, read_settings

    settings = read_settings()
    with named_book(book, settings.ingest) as path, open_services(settings) as services:
        source = known_source(services, path)
        with services.database.snapshot() as uow:
            summary = uow.books.summary(source)
            chapters = uow.books.chapter_summaries(source)
            runs = uow.runs.of(source)
            edition = uow.editions.latest(source)
    if json:
        emit_json(
            {
                **_book_json(summary),
                "chapters": [asdict(chapter) for chapter in chapters],
                "runs": [_run_json(run) for run in runs],
                "edition": None if edition is None else [file.path for file in edition.files],
            }
        )
    else:
        _print_book(summary, chapters, runs, edition)


def _print_book(
    summary: BookSummary, chapters: tuple[ChapterSummary, ...], runs: tuple[Run, ...], edition: Edition | None
) -> None:
    rows = [[c.index + 1, c.title, *_counts(c), c.flagged, _length(c.seconds)] for c in chapters]
    emit_table(summary.title, ["#", "chapter", *COUNTS, "flagged", "speech"], rows)
    if runs:
        last = runs[0]
        state = "interrupted" if last.interrupted else last.state.value
        asked = f"chapters {last.request['chapters']}" if last.request.get("chapters") else "the whole book"
        ended = last.message if last.message.startswith(state) else f"{state}, {last.message}".rstrip(", ")
        print(f"last run: {COMMANDS.get(last.flow, last.flow)}, {asked}, {shown_time(last.started_at)}: {ended}")
    for file in edition.files if edition else ():
        print(f"{file.kind}: {file.path}")


def _counts(summary: BookSummary | ChapterSummary) -> list[int]:
    """The cells under `COUNTS`: a run may have been asked for a part of a book."""
    return [summary.chosen, summary.keyed, summary.utterances]


def _spoken(summary: BookSummary) -> str:
    """How many utterances of those asked for are spoken: "12 of 36"; where that was a part, "12 of 36 (49 in all)"."""
    rest = "" if summary.keyed == summary.utterances else f" ({summary.utterances} in all)"
    return f"{summary.chosen} of {summary.keyed}{rest}"


def _book_json(summary: BookSummary) -> dict[str, Any]:
    return {**asdict(summary), "authors": list(summary.authors)}


def _run_json(run: Run) -> dict[str, Any]:
    return {
        "id": run.id,
        "flow": run.flow,
        "state": "interrupted" if run.interrupted else run.state.value,
        "started_at": run.started_at.isoformat(),
        "finished_at": run.finished_at.isoformat() if run.finished_at else None,
        "done": run.done,
        "total": run.total,
        "message": run.message,
    }


def _length(seconds: float) -> str:
    from flows.order.report import clock

    return clock(seconds)
