"""Shows a run's report to a person or a program, and says which exit code it means. Knows nothing of the run."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from os.path import commonpath
from typing import TYPE_CHECKING

from flows.cli.console import ExitCode, emit_json, emit_table, tell
from storage.records import EditionFile, RunState

if TYPE_CHECKING:
    from flows.order.report import RunReport

MAX_FLAGGED_SHOWN = 20


def show_report(report: RunReport, *, json: bool) -> ExitCode:
    """Prints the report on stdout."""
    from flows.order.report import clock, report_json

    if json:
        emit_json(report_json(report))
    else:
        rows: list[list[object]] = [
            ["chapters", len(report.edition.chapters)],
            ["utterances", report.utterances],
            ["rendered now", report.rendered or "nothing, every take was there already"],
            ["audio", f"{clock(report.edition.seconds)} ({report.edition.seconds:.1f} s)"],
            ["wall time", f"{report.wall_seconds:.1f} s"],
            ["real-time factor", "-" if report.rtf is None else f"{report.rtf:.2f}"],
            ["flagged takes", len(report.flagged)],
        ]
        emit_table(report.title, ["", ""], rows)
        _show_flagged(report)
        _show_files(report.edition.files)
    for path in report.kept:
        tell(f"kept as it was: {path} (another audiobook; --overwrite replaces it)")
    if report.replaced:
        tell(f"replaced: {_place(report.replaced)}")
    if report.rendered == 0:
        tell("nothing to render: every take was there already")
    return ExitCode.FLAGGED if report.state is RunState.FLAGGED else ExitCode.DONE


def _show_files(files: Sequence[EditionFile]) -> None:
    """Prints a line for each kind of file."""
    for kind, group in groupby(files, key=lambda file: file.kind):
        print(f"{kind}: {_place([file.path for file in group])}")


def _place(paths: Sequence[str]) -> str:
    """Says where files are: the path of one, the folder of several."""
    return paths[0] if len(paths) == 1 else f"{len(paths)} files in {commonpath(paths)}"


def _show_flagged(report: RunReport) -> None:
    if not report.flagged:
        return
    rows = [[take.chapter, take.text, "; ".join(take.reasons)] for take in report.flagged[:MAX_FLAGGED_SHOWN]]
    emit_table("flagged takes (`talepress retry BOOK` takes them again)", ["chapter", "text", "reason"], rows)
    if len(report.flagged) > MAX_FLAGGED_SHOWN:
        print(f"... and {len(report.flagged) - MAX_FLAGGED_SHOWN} more")
