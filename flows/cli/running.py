"""What `make`, `retry` and `publish` share: they run a flow for each book that is named, and show what comes of them.

All books are checked before the first is begun; one that fails does not stop the others; all have one Prefect server.
Must not know what the flow does, nor how a book is found.
"""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.cli.console import ExitCode, emit_json, emit_table, exit_code_of, one_line, shown_path, tell
from flows.cli.progress import Form, progress_display, show_book, show_end
from flows.cli.report import exit_code_for, places, show_notes, show_report
from flows.progress import Progress

if TYPE_CHECKING:
    from configs.settings import Settings
    from flows.cli.launch import RunFlow
    from flows.order.books import NamedBooks
    from flows.order.existing import AnyRequest
    from flows.order.order import Order
    from flows.order.report import RunReport
    from flows.order.request import Request

QUIET_SECONDS = 2.0  # how long books are looked at without a word
REFUSED = "refused"
FAILED = "failed"


@dataclass(frozen=True, eq=False)
class Ready:
    """A book that was looked up and can be run."""

    source: str
    request: Request
    settings: Settings
    finished: RunReport | None  # where there is nothing to do


@dataclass(frozen=True, eq=False)
class Ended:
    """What has come of a book: a report, or an error."""

    report: RunReport | None
    error: Exception | None = None
    before: bool = False  # whether its audiobook was finished when the command began

    @property
    def code(self) -> ExitCode:
        """The exit code of the same command for this book alone."""
        if self.error is not None:
            return exit_code_of(self.error)
        assert self.report is not None
        return exit_code_for(self.report)


Check = Callable[[Path], Ready]


@dataclass(frozen=True)
class Command:
    """What is said to every command that runs a flow for books."""

    names: Sequence[str]
    listed: str  # the file that `--books` names
    recursive: bool
    json: bool
    progress: Form
    verbose: bool
    one_book: Mapping[str, object]  # options that belong to one book, with their values


def run_command(
    command: Command,
    flow: str,
    request_for: Callable[[str], Request],
    finished: Callable[[Order, float], RunReport | None] | None = None,
) -> ExitCode:
    """Finds the books of a command, checks them, runs the flow for each, and prints the result on stdout.

    Args:
        command: what was said to it.
        flow: the flow's name.
        request_for: makes the request for a book, of which it gets the path.
        finished: what there is to report where nothing is to be done, else None; `finished_report` if not given. Gets
            the order, and when it was begun to be looked up.

    Returns and raises as `run_books`; `BadInputError` where the books cannot be found, too.
    """
    from flows.order.alone import clear_lost_work
    from flows.order.books import named_books
    from flows.order.existing import require_idle
    from flows.order.order import prepare
    from flows.order.outcome import finished_report
    from flows.services import open_services, read_settings

    def check(book: Path) -> Ready:
        began = time.monotonic()
        request = request_for(str(book))
        settings = read_settings(**request.overrides)
        with open_services(settings) as services:
            order = prepare(services, request)
            require_idle(order)
            report = (finished or finished_report)(order, began)
            if report is not None:  # a run that was killed when all was done has left its working folder
                clear_lost_work(settings.storage.folder, order.source)
            return Ready(order.source, request, settings, report)

    settings = read_settings().ingest
    with named_books(command.names, settings, listed=command.listed, recursive=command.recursive) as named:
        for option, value in command.one_book.items():
            named.require_one(option, value)
        return run_books(flow, named, check, json=command.json, progress=command.progress, verbose=command.verbose)


def last_request_with(options: Mapping[str, Any], kind: type[AnyRequest]) -> Callable[[str], AnyRequest]:
    """Makes what asks for a book what its last run was asked for, with these options in place of that run's."""
    from flows.order.existing import last_request
    from flows.services import open_services, read_settings

    def request_for(book: str) -> AnyRequest:
        with open_services(read_settings()) as services:
            return last_request(services, {**options, "book": book}, kind)

    return request_for


def run_books(flow: str, named: NamedBooks, check: Check, *, json: bool, progress: Form, verbose: bool) -> ExitCode:
    """Runs a flow for each book, and prints the result on stdout.

    Args:
        flow: its name.
        named: the books.
        check: looks a book up. Raises what is wrong with it, before anything is begun.
        json: whether the result is one JSON object.
        progress: how progress is shown.
        verbose: whether Prefect's log and traces are shown.

    Returns the exit code: of several books, the highest. Raises what ends one book that is named alone.
    """
    for note in named.notes:
        tell(note)
    runs = _Runs(flow, progress, verbose=verbose)
    if not named.several:
        (book,) = named.paths.values()
        return show_report(runs.run_one(check(book)), json=json)
    began = time.monotonic()
    ended = runs.run_all(named.paths, check)
    code = max(one.code for one in ended.values())
    if json:
        books = [_as_json(name, one) for name, one in ended.items()]
        wall = round(time.monotonic() - began, 3)
        emit_json({"books": books, "exit_code": int(code), "wall_seconds": wall})
    else:
        _print_summary(ended)
    return code


@dataclass(frozen=True)
class _Runs:
    """How the runs of one command are made."""

    flow: str
    progress: Form
    verbose: bool

    def run_one(self, ready: Ready) -> RunReport:
        """Runs the flow for one book, unless it is finished. Raises what the flow raises."""
        from flows.cli.launch import prefect

        if ready.finished is not None:
            return ready.finished
        with prefect(ready.settings, verbose=self.verbose) as run:
            return run(self.flow, ready.request, self.progress)

    def run_all(self, books: Mapping[str, Path], check: Check) -> dict[str, Ended]:
        """Runs the flow for each book that is not finished. Returns what has come of each, in their order.

        Raises the error that all have in common, where none can be begun.
        """
        ready, refused = self._check(books, check)
        if not ready and len({str(error) for error in refused.values()}) == 1:
            raise next(iter(refused.values()))
        for name, error in refused.items():
            self._tell(name, error)
        ended = {name: Ended(None, error) for name, error in refused.items()}
        ended |= {name: Ended(one.finished, before=True) for name, one in ready.items() if one.finished is not None}
        waiting = {name: one for name, one in ready.items() if name not in ended}
        if waiting:
            ended |= self._run_waiting(waiting)
        return {name: ended[name] for name in books if name in ended}

    def _check(self, books: Mapping[str, Path], check: Check) -> tuple[dict[str, Ready], dict[str, Exception]]:
        """Looks all books up. Returns those that can be run, and what is wrong with the others."""
        ready: dict[str, Ready] = {}
        refused: dict[str, Exception] = {}
        first_of: dict[str, str] = {}
        began = time.monotonic()
        with progress_display(self.progress) as listener:
            for number, (name, path) in enumerate(books.items()):
                if time.monotonic() - began > QUIET_SECONDS:
                    listener(Progress("check", number, len(books), shown_path(path.name)))
                try:
                    one = check(path)
                except Exception as error:
                    refused[name] = error
                    continue
                if (first := first_of.setdefault(one.source, name)) == name:
                    ready[name] = one
                else:
                    tell(f"{shown_path(name)} is the same book as {shown_path(first)}, which is made once")
        return ready, refused

    def _run_waiting(self, waiting: Mapping[str, Ready]) -> dict[str, Ended]:
        from flows.cli.launch import prefect
        from flows.services import read_settings

        ended = {}
        with prefect(read_settings(), verbose=self.verbose) as run:
            for number, (name, one) in enumerate(waiting.items(), start=1):
                show_book(self.progress, number, len(waiting), shown_path(name))
                ended[name] = self._run(run, name, one)
                show_end(self.progress, shown_path(name), int(ended[name].code))
        return ended

    def _run(self, run: RunFlow, name: str, ready: Ready) -> Ended:
        try:
            return Ended(run(self.flow, ready.request, self.progress))
        except Exception as error:
            self._tell(name, error)
            return Ended(None, error)

    def _tell(self, name: str, error: Exception) -> None:
        if self.verbose:
            traceback.print_exception(error, file=sys.stderr)
        words = one_line(error)
        tell(f"talepress: {words if Path(name).name in words else f'{shown_path(name)}: {words}'}")


def _as_json(name: str, ended: Ended) -> dict[str, Any]:
    from flows.order.report import report_json

    return {
        "book": name,
        "exit_code": int(ended.code),
        "error": None if ended.error is None else one_line(ended.error),
        "report": None if ended.report is None else report_json(ended.report),
    }


def _print_summary(ended: Mapping[str, Ended]) -> None:
    """Prints a row for each book, then where each audiobook is, or why there is none."""
    from flows.order.report import clock

    rows: list[list[object]] = []
    lines = []
    for name, one in ended.items():
        if one.report is None:
            assert one.error is not None
            title = shown_path(Path(name).name)
            rows.append([title, FAILED if one.code is ExitCode.FAILED else REFUSED, "", "", ""])
            lines.append(f"{title}: {one_line(one.error)}")
            continue
        edition = one.report.edition
        state = f"{one.report.state.value}{' before' if one.before else ''}"
        counts = [len(edition.chapters), clock(edition.seconds), len(one.report.flagged)]
        rows.append([one.report.title, state, *counts])
        lines.append(f"{one.report.title}: {places(edition.files)[0][1]}")
    emit_table("", ["book", "state", "chapters", "audio", "flagged"], rows)
    for line in lines:
        print(line)
    for one in ended.values():
        if one.report is not None:
            show_notes(one.report)
