"""Shows a run's report to a person or a program, and says which exit code it means; `talepress report`: as a page.

Knows nothing of the run.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from os.path import commonpath
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.books import BookArgument
from flows.cli.check import show_deliveries
from flows.cli.console import ExitCode, emit_json, emit_table, tell
from storage.records import EditionFile, RunState

if TYPE_CHECKING:
    from flows.order.report import RunReport
    from tasks.voices.catalogue import VoiceCredit

MAX_FLAGGED_SHOWN = 20
NOTHING_RENDERED = "nothing, every take was there already"


def show_report(report: RunReport, *, json: bool) -> ExitCode:
    """Prints the report on stdout."""
    from flows.order.report import clock, coverage_sentence, loudness_notes, rendered_sentence, report_json

    if json:
        emit_json(report_json(report))
    else:
        rows: list[list[object]] = [
            ["chapters", _of_whole(report, len(report.edition.chapters), report.whole.chapters)],
            ["utterances", _of_whole(report, report.utterances, report.whole.utterances)],
            ["rendered now", rendered_sentence(report.work) if report.rendered else NOTHING_RENDERED],
            ["audio", f"{clock(report.edition.seconds)} ({report.edition.seconds:.1f} s)"],
            ["wall time", f"{report.wall_seconds:.1f} s"],
            ["real-time factor", "-" if report.rtf is None else f"{report.rtf:.2f}"],
            ["flagged takes", len(report.flagged)],
            ["cover", report.cover],
            ["coverage", coverage_sentence(report.coverage)],
        ]
        rows += [[f"voice {voice.name}", _credit(voice)] for voice in report.voices]
        emit_table(report.title, ["", ""], rows)
        for note in loudness_notes(report):
            print(note)
        _show_flagged(report)
        _show_files(report.edition.files)
        show_deliveries(report.deliveries)
        if report.waits_for:
            print(f"not published yet: {report.waits_for}")
            print(f"hear and decide: {report.review} (`talepress review serve` opens the page)")
        elif report.flagged and report.page:
            print(f"to hear and judge: {report.page}")
    show_notes(report)
    if report.rendered == 0:
        tell("nothing to render: every take was there already")
    return exit_code_for(report)


def show_notes(report: RunReport) -> None:
    """Tells what has become of files that were there before."""
    for path in report.kept:
        tell(f"kept as it was: {path} (another audiobook; --overwrite replaces it)")
    if report.replaced:
        tell(f"replaced: {_place(report.replaced)}")
    for loss in report.losses:
        tell(f"warning: {loss} (`talepress plan BOOK` lists it)")


def exit_code_for(report: RunReport) -> ExitCode:
    """Returns the exit code that a report means."""
    return ExitCode.DONE if report.state is RunState.DONE else ExitCode.FLAGGED


def _credit(voice: VoiceCredit) -> str:
    """Says in one line what is known of a voice."""
    known = [voice.description, voice.made_from and f"made from {voice.made_from}", voice.licence]
    return "; ".join(part for part in known if part)


def _of_whole(report: RunReport, part: int, whole: int) -> str:
    """A count of what was asked for, beside that of the whole book where they differ."""
    return f"{part} of the book's {whole}" if report.is_partial else str(part)


def _show_files(files: Sequence[EditionFile]) -> None:
    """Prints a line for each kind of file."""
    for kind, place in places(files):
        print(f"{kind}: {place}")


def places(files: Sequence[EditionFile]) -> list[tuple[str, str]]:
    """Lists the kinds of files in an edition, the audiobook first, and where those of each kind are."""
    groups = groupby(files, key=lambda file: file.kind)
    return [(kind, _place([file.path for file in group])) for kind, group in groups]


def _place(paths: Sequence[str]) -> str:
    """Says where files are: the path of one, the folder of several."""
    return paths[0] if len(paths) == 1 else f"{len(paths)} files in {commonpath(paths)}"


def _show_flagged(report: RunReport) -> None:
    if not report.flagged:
        return
    rows = [[take.chapter, take.text, take.doubt] for take in report.flagged[:MAX_FLAGGED_SHOWN]]
    emit_table("flagged takes (`talepress retry BOOK` speaks them again)", ["chapter", "text", "reason"], rows)
    if len(report.flagged) > MAX_FLAGGED_SHOWN:
        print(f"... and {len(report.flagged) - MAX_FLAGGED_SHOWN} more")


def report(
    book: BookArgument,
    out: Annotated[Path | None, typer.Option(help="The HTML file to write; beside the audiobook if not given.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Writes one HTML page of a book: its chapters with their loudness, and every doubtful take to hear."""
    from flows.actions.report import report_book
    from flows.order.books import named_book
    from flows.order.existing import last_request
    from flows.order.request import Request
    from flows.services import open_services, read_settings

    with named_book(book, read_settings().ingest) as file:
        with open_services(read_settings()) as services:
            request = last_request(services, {"book": str(file)}, Request)
        with open_services(read_settings(**request.overrides)) as services:
            path = report_book(services, request, out)
    if json:
        emit_json({"page": str(path)})
    else:
        print(path)
