"""Shows on stderr how far a command has come: bars for a terminal, lines for a log, JSON for programs.

Knows nothing of what is being done.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any

import typer

from flows.cli.console import NARROW_COLUMNS, make_console, tell, tell_event, tell_in_json
from flows.progress import Listener, Progress
from tasks import stopping

PLAIN_INTERVAL_SECONDS = 5.0
MEASURED_SECONDS = 2.0  # what is measured in less is no rate yet: units may come in bursts


class Form(StrEnum):
    """How progress is shown."""

    AUTO = "auto"  # bars where stderr is a terminal, lines otherwise
    PLAIN = "plain"
    JSON = "json"


def _heed_form(form: Form) -> Form:
    """Has the whole command speak JSON where its progress is for programs."""
    if form is Form.JSON:
        tell_in_json()
    stopping.say_in_json(form is Form.JSON)
    return form


ProgressForm = Annotated[
    Form,
    typer.Option(
        "--progress",
        help="auto, plain, or json: a line of JSON on stderr for every event.",
        callback=_heed_form,
    ),
]


def show_book(form: Form, number: int, of: int, name: str) -> None:
    """Shows that one of several books is begun."""
    if form is Form.JSON:
        tell_event({"event": "book", "number": number, "of": of, "book": name})
    else:
        tell(f"book {number} of {of}: {name}")


def show_end(form: Form, name: str, exit_code: int) -> None:
    """Shows programs that one of several books is ended; people see it in the summary."""
    if form is Form.JSON:
        tell_event({"event": "end", "book": name, "exit_code": exit_code})


@contextmanager
def progress_display(form: Form = Form.AUTO) -> Iterator[Listener]:
    """A listener that shows what it hears for the length of the block."""
    if form is Form.JSON:
        yield JsonProgress()
    elif form is Form.PLAIN or not sys.stderr.isatty():
        yield PlainProgress()
    else:
        with _bars() as listener:
            yield listener


@dataclass
class Forecast:
    """Forecasts the end of each stage from its own pace, else from the rate between its reports. Stages may overlap.

    Of the reports, the first is left out: what is done once, such as opening a file, is in it.
    """

    _first: dict[str, tuple[float, int]] = field(default_factory=dict)

    def seconds_left(self, progress: Progress, now: float) -> float | None:
        """Notes a report. Returns how long the rest of its stage takes, None where that cannot be known yet."""
        if not 0 < progress.done < progress.total:
            return None
        if progress.pace is not None:
            return progress.pace.seconds_left
        began, done = self._first.setdefault(progress.stage, (now, progress.done))
        if progress.done <= done or now - began < MEASURED_SECONDS:
            return None
        return (now - began) / (progress.done - done) * (progress.total - progress.done)


class PlainProgress:
    """A line when a stage begins and ends, and one every few seconds in between."""

    def __init__(self) -> None:
        self._forecast = Forecast()
        self._last: dict[str, float] = {}

    def __call__(self, progress: Progress) -> None:
        """Prints the report unless it comes too soon after the last one of its stage."""
        now = time.monotonic()
        left = self._forecast.seconds_left(progress, now)
        finished = progress.done >= progress.total
        if not finished and now - self._last.get(progress.stage, -PLAIN_INTERVAL_SECONDS) < PLAIN_INTERVAL_SECONDS:
            return
        self._last[progress.stage] = now
        count = f"{progress.stage}: {progress.done}/{progress.total}" if progress.total else f"{progress.stage} ..."
        rest = "" if left is None else f", about {duration(left)} to go"
        tell(f"{count}{rest}  {progress.detail}".rstrip())


class JsonProgress:
    """A line of JSON for every report, with the seconds since the first one."""

    def __init__(self) -> None:
        self._forecast = Forecast()
        self._began = time.monotonic()

    def __call__(self, progress: Progress) -> None:
        """Prints the report."""
        now = time.monotonic()
        left = self._forecast.seconds_left(progress, now)
        event = {
            "event": "progress",
            "stage": progress.stage,
            "done": progress.done,
            "total": progress.total,
            "detail": progress.detail,
            "elapsed_seconds": round(now - self._began, 3),
            "left_seconds": None if left is None else round(left, 1),
        }
        tell_event(event)


@contextmanager
def _bars() -> Iterator[Listener]:
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        ProgressColumn,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
    )
    from rich.progress import Progress as Bars

    console = make_console(stderr=True)
    columns: list[ProgressColumn] = [
        SpinnerColumn(),
        TextColumn("{task.description:<10}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[left]}"),
        TextColumn("{task.fields[detail]}", markup=False),
    ]
    if console.width < NARROW_COLUMNS:
        columns = [columns[1], columns[3], columns[5]]
    forecast = Forecast()
    with Bars(*columns, console=console) as bars:
        ids: dict[str, Any] = {}

        def show(progress: Progress) -> None:
            left = forecast.seconds_left(progress, time.monotonic())
            if progress.stage not in ids:
                ids[progress.stage] = bars.add_task(progress.stage, total=None, left="", detail="")
            bars.update(
                ids[progress.stage],
                completed=progress.done,
                total=progress.total or None,
                left="" if left is None else f"about {duration(left)} to go",
                detail=progress.detail,
            )

        yield show


def duration(seconds: float) -> str:
    """Seconds in the two largest units that fit: `2 h 05 min`, `3 min 20 s`, `4 s`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
