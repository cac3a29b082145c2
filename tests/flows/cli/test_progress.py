"""Forecasts come from measured rates, and each form of progress is what its reader wants."""

import contextvars
import json
import re

import pytest

from flows.cli import progress as _progress
from flows.cli.console import tell
from flows.cli.progress import (
    Forecast,
    Form,
    JsonProgress,
    PlainProgress,
    duration,
    progress_display,
    show_book,
    show_end,
)
from flows.progress import Pace, Progress
from tasks import stopping


@pytest.fixture
def clock(monkeypatch):
    state = {"now": 100.0}
    monkeypatch.setattr(_progress.time, "monotonic", lambda: state["now"])
    return state


def test_nothing_is_forecast_before_a_rate_is_measured():
    forecast = Forecast()
    assert forecast.seconds_left(Progress("master", 1, 4), now=10.0) is None  # the stage's first report
    assert forecast.seconds_left(Progress("master", 1, 4), now=12.0) is None
    assert forecast.seconds_left(Progress("master", 2, 4), now=15.0) == 10.0
    assert forecast.seconds_left(Progress("master", 4, 4), now=20.0) is None


def test_loading_the_model_is_not_part_of_the_rate():
    forecast = Forecast()
    reports = [(0, 0.0), (1, 60.0), (2, 63.0), (3, 66.0)]  # a minute of loading, then one in three seconds
    left = [forecast.seconds_left(Progress("synthesize", done, 10), now) for done, now in reports]
    assert left == [None, None, 24.0, 21.0]


def test_reports_in_a_burst_are_no_rate():
    forecast = Forecast()
    reports = [(4, 10.0), (8, 10.1), (12, 10.2), (16, 20.0)]
    left = [forecast.seconds_left(Progress("package", done, 20), now) for done, now in reports]
    assert left == [None, None, None, pytest.approx(10 / 12 * 4)]


def test_a_stage_that_knows_its_pace_is_believed():
    forecast = Forecast()
    assert forecast.seconds_left(Progress("speak", 0, 9, "", Pace(0.0, 0.0)), now=0.0) is None
    assert forecast.seconds_left(Progress("speak", 3, 9, "", Pace(0.1, 5.0)), now=9.0) == 45.0
    assert forecast.seconds_left(Progress("speak", 9, 9, "", Pace(1.0, 50.0)), now=70.0) is None


def test_each_stage_has_a_rate_of_its_own():
    forecast = Forecast()
    for stage in ("synthesize", "master"):
        forecast.seconds_left(Progress(stage, 1, 5), now=0.0)
    assert forecast.seconds_left(Progress("synthesize", 2, 5), now=10.0) == 30.0
    assert forecast.seconds_left(Progress("master", 3, 5), now=10.0) == 10.0


def test_plain_lines_are_few(clock, capsys):
    show = PlainProgress()
    for done in range(21):
        show(Progress("synthesize", done, 20, "Chapter One"))
        clock["now"] += 1.0
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "synthesize: 0/20  Chapter One",
        "synthesize: 5/20, about 15 s to go  Chapter One",
        "synthesize: 10/20, about 10 s to go  Chapter One",
        "synthesize: 15/20, about 5 s to go  Chapter One",
        "synthesize: 20/20  Chapter One",
    ]


def test_programs_get_a_line_of_json_for_every_event(clock, capsys):
    with progress_display(Form.JSON) as show:
        assert isinstance(show, JsonProgress)
        for done in range(3):
            show(Progress("speak", done, 3, 'a "title"\nof two lines'))
            clock["now"] += 2.0
    captured = capsys.readouterr()
    assert captured.out == ""
    events = [json.loads(line) for line in captured.err.splitlines()]
    assert events[2] == {
        "event": "progress",
        "stage": "speak",
        "done": 2,
        "total": 3,
        "detail": 'a "title"\nof two lines',
        "elapsed_seconds": 4.0,
        "left_seconds": 2.0,
    }
    assert [event["left_seconds"] for event in events] == [None, None, 2.0]


@pytest.mark.parametrize("columns", [40, 100])
def test_bars_fit_the_terminal_and_say_what_is_to_go(clock, capsys, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with progress_display() as show:
        for done in range(3):
            show(Progress("synthesize", done, 10, "Chapter Twenty: How It Was"))
            clock["now"] += 75.0
    last = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", capsys.readouterr().err).splitlines()[-1]
    assert "2/10" in last and "about 10 min 00 s to go" in last
    assert len(last) <= columns
    assert ("Chapter Twenty" in last) is (columns > 60)


@pytest.mark.parametrize(("seconds", "shown"), [(3.6, "4 s"), (200, "3 min 20 s"), (7500, "2 h 05 min")])
def test_durations(seconds, shown):
    assert duration(seconds) == shown


def test_a_title_in_brackets_is_shown_as_it_is(clock, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with progress_display() as show:
        show(Progress("synthesize", 1, 10, "[red]One[/bold]"))
    assert "[red]One[/bold]" in re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", capsys.readouterr().err)


def test_books_of_several_are_told_to_people_as_they_begin_and_to_programs_as_they_end_too(capsys):
    for form in (Form.PLAIN, Form.JSON):
        show_book(form, 1, 2, "oz.epub")
        show_end(form, "oz.epub", 3)
    first, *events = capsys.readouterr().err.splitlines()
    assert first == "book 1 of 2: oz.epub"
    assert [json.loads(event) for event in events] == [
        {"event": "book", "number": 1, "of": 2, "book": "oz.epub"},
        {"event": "end", "book": "oz.epub", "exit_code": 3},
    ]


@pytest.mark.parametrize("form", Form)
def test_where_progress_is_for_programs_the_whole_command_speaks_json(monkeypatch, capsys, form):
    monkeypatch.setattr(stopping, "_stop", stopping._Stop(for_programs=True))

    def command():
        assert _progress._heed_form(form) is form
        tell("a word")

    contextvars.copy_context().run(command)
    assert stopping._stop.for_programs is (form is Form.JSON)
    assert capsys.readouterr().err.startswith("{") is (form is Form.JSON)


def test_lines_are_for_whoever_has_no_terminal_and_each_stage_has_its_own(clock, capsys):
    with progress_display() as show:
        assert isinstance(show, PlainProgress)
        show(Progress("load", 0, 0))
        show(Progress("speak", 0, 3, "One"))
        show(Progress("speak", 1, 3, "Two"))  # too soon
        clock["now"] += 4.9
        show(Progress("speak", 2, 3, "Three"))
        clock["now"] += 0.1
        show(Progress("speak", 2, 3, "Four"))
        show(Progress("speak", 3, 3))
    assert capsys.readouterr().err.splitlines() == [
        "load ...",
        "speak: 0/3  One",
        "speak: 2/3, about 5 s to go  Four",
        "speak: 3/3",
    ]
