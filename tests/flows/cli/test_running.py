"""Several books in one command: all are checked first, one's failure stops no other, the highest exit code counts."""

import json
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

from flows.cli import launch as _launch
from flows.cli import running as _running
from flows.cli.console import ExitCode
from flows.cli.progress import Form
from flows.cli.running import Command, Ready, last_request_with, run_books, run_command
from flows.order.books import NamedBooks
from flows.order.request import Request, Retrial
from flows.services import read_settings
from storage.records import RunState
from tasks.errors import BadInputError, TransientError
from tests.flows.order.test_report import REPORT


@pytest.fixture
def run(monkeypatch, home):
    """Runs a command for books that are described by a word each; returns its exit code, and which books were run."""
    servers = []
    begun = []

    @contextmanager
    def prefect(settings, *, verbose):
        servers.append(verbose)

        def run_flow(name, request, progress):
            begun.append(Path(request.book).name)
            if "fails" in request.book:
                raise TransientError("the disk hiccuped")
            state = RunState.FLAGGED if "flagged" in request.book else RunState.DONE
            work = replace(REPORT.work, takes=0) if "anew" in request.book else REPORT.work
            return replace(REPORT, title=Path(request.book).name, state=state, work=work)

        yield run_flow

    monkeypatch.setattr(_launch, "prefect", prefect)

    def check(path):
        if "bad" in path.name:
            raise BadInputError(f"{path.name} cannot be read")
        if "everywhere" in path.name:
            raise BadInputError("unknown voice 'nobody'")
        request = Request(book=str(path), out="/out")
        finished = replace(REPORT, state=RunState.DONE) if "finished" in path.name else None
        return Ready("same" if "same" in path.name else path.name, request, read_settings(), finished)

    def call(*names, several=True, json=False, progress=Form.PLAIN):
        named = NamedBooks({name: Path("/", name) for name in names}, several)
        code = run_books("book-to-audio", named, check, json=json, progress=progress, verbose=False)
        return code, begun, len(servers)

    return call


@pytest.mark.parametrize(
    ("names", "code", "begun"),
    [
        (["a", "b"], ExitCode.DONE, ["a", "b"]),
        (["a", "flagged", "b"], ExitCode.FLAGGED, ["a", "flagged", "b"]),
        (["bad", "flagged"], ExitCode.BAD_INPUT, ["flagged"]),
        (["fails", "bad", "a"], ExitCode.FAILED, ["fails", "a"]),
        (["finished", "a"], ExitCode.DONE, ["a"]),
        (["same1", "a", "same2"], ExitCode.DONE, ["same1", "a"]),
    ],
)
def test_one_that_fails_stops_no_other_and_the_highest_code_counts(run, names, code, begun):
    assert run(*names) == (code, begun, 1)


def test_no_server_is_started_where_nothing_is_to_do(run):
    assert run("finished", "bad") == (ExitCode.BAD_INPUT, [], 0)


def test_what_all_have_in_common_is_one_error_as_of_one_book(run):
    with pytest.raises(BadInputError, match="unknown voice 'nobody'"):
        run("everywhere1", "everywhere2")
    with pytest.raises(BadInputError, match="bad cannot be read"):
        run("bad", several=False)


def test_where_no_book_can_be_begun_each_fault_is_told(run, capsys):
    assert run("bad1", "bad2") == (ExitCode.BAD_INPUT, [], 0)
    told = capsys.readouterr().err
    assert "bad1 cannot be read" in told and "bad2 cannot be read" in told


def test_faults_are_told_before_anything_is_begun_and_again_at_the_end(run, capsys):
    run("a", "bad1", "fails")
    captured = capsys.readouterr()
    lines = captured.err.splitlines()
    assert lines.index("talepress: bad1 cannot be read") < lines.index("book 1 of 2: a")
    assert "talepress: fails: the disk hiccuped" in lines[lines.index("book 2 of 2: fails") :]
    assert captured.out.splitlines()[-2:] == ["bad1: bad1 cannot be read", "fails: the disk hiccuped"]
    assert "refused" in captured.out and "failed" in captured.out


def test_an_audiobook_that_is_made_of_known_takes_was_not_done_before(run, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    run("finished", "anew")  # its report has no takes that were rendered now, as those of the other
    states = {cells[1].strip(): cells[2].strip() for cells in map(cut, capsys.readouterr().out.splitlines()) if cells}
    assert states == {REPORT.title: "done before", "anew": "done"}


def cut(line):
    return line.split("│") if "│" in line else None


def test_programs_get_one_object_with_all_books_whatever_their_names(run, capsys):
    run("a", "bad\udcff", json=True, progress=Form.JSON)
    captured = capsys.readouterr()
    result = json.loads(captured.out)
    assert [(book["book"], book["exit_code"], book["error"]) for book in result["books"]] == [
        ("a", 0, None),
        ("bad\udcff", 2, r"bad\udcff cannot be read"),
    ]
    assert (result["exit_code"], result["books"][0]["report"]["title"]) == (2, "a")
    events = [json.loads(line) for line in captured.err.splitlines() if line.startswith("{")]
    assert {"event": "book", "number": 1, "of": 1, "book": "a"} in events
    assert {"event": "end", "book": "a", "exit_code": 0} in events


@pytest.fixture
def looked_up(monkeypatch, home):
    """Runs a command whose books are looked up and not run. Returns what was asked for, in order, and its result."""
    done = []

    @contextmanager
    def named_books(names, settings, *, listed, recursive):
        done.append((names, type(settings).__name__, listed, recursive))
        yield SimpleNamespace(require_one=lambda option, value: done.append((option, value)))

    def prepare(services, request):
        done.append(("prepared", services.settings.synthesize.voice, request.book))
        return SimpleNamespace(source="s" * 64)

    def run_books(flow, named, check, **options):
        done.append((flow, options))
        done.append(check(Path("/b.epub")))
        return ExitCode.FLAGGED

    monkeypatch.setattr("flows.order.books.named_books", named_books)
    monkeypatch.setattr("flows.order.order.prepare", prepare)
    monkeypatch.setattr("flows.order.existing.require_idle", lambda order: done.append("idle"))
    monkeypatch.setattr("flows.order.outcome.finished_report", lambda order, began: "finished before")
    monkeypatch.setattr(_running, "run_books", run_books)

    def call(**options):
        command = Command(["b"], "list", True, True, Form.JSON, True, {"--plan": "p"})
        request_for = partial(Request, out="/out", voice="slt")
        code = run_command(command, "book-to-audio", lambda book: request_for(book=book), **options)
        assert code is ExitCode.FLAGGED
        return done

    return call


@pytest.mark.parametrize(("finished", "is_left"), [(None, False), (lambda order, began: None, True)])
def test_what_a_killed_run_left_goes_when_its_book_turns_out_to_be_finished(looked_up, home, finished, is_left):
    left = home / "work" / ("s" * 16) / "of-a-killed-run"
    left.mkdir(parents=True)
    looked_up(**({"finished": finished} if finished else {}))
    assert left.exists() is is_left  # a run that is to come clears it away itself


@pytest.mark.parametrize("finished", [None, lambda order, began: None])
def test_a_book_is_looked_up_with_its_own_request_and_must_be_idle(looked_up, finished):
    *before, ready = looked_up(**({"finished": finished} if finished else {}))
    assert before == [
        (["b"], "IngestSettings", "list", True),
        ("--plan", "p"),
        ("book-to-audio", {"json": True, "progress": Form.JSON, "verbose": True}),
        ("prepared", "slt", "/b.epub"),
        "idle",
    ]
    assert (ready.source, ready.settings.synthesize.voice) == ("s" * 64, "slt")
    assert ready.request == Request(book="/b.epub", out="/out", voice="slt")
    assert ready.finished == (None if finished else "finished before")


def test_what_the_last_run_was_asked_for_holds_but_for_what_is_said(monkeypatch, home):
    asked = []
    monkeypatch.setattr(
        "flows.order.existing.last_request", lambda services, options, kind: asked.append((options, kind)) or "request"
    )
    assert last_request_with({"out": "/o", "book": "x"}, Retrial)("/b.epub") == "request"
    assert asked == [({"out": "/o", "book": "/b.epub"}, Retrial)]


def test_an_error_names_its_book_once_and_shows_its_trace_to_whoever_asks(run, capsys, monkeypatch):
    runs = _running._Runs("book-to-audio", Form.PLAIN, verbose=True)
    runs._tell("shelf/a.epub", BadInputError("it is empty"))
    runs._tell("shelf/a.epub", BadInputError("a.epub is empty"))
    lines = capsys.readouterr().err.splitlines()
    assert [line for line in lines if line.startswith("talepress: ")] == [
        "talepress: shelf/a.epub: it is empty",
        "talepress: a.epub is empty",
    ]
    assert "tasks.errors.BadInputError: it is empty" in lines
    _running._Runs("book-to-audio", Form.PLAIN, verbose=False)._tell("a", BadInputError("x"))
    assert capsys.readouterr().err == "talepress: a: x\n"


def test_notes_on_books_are_told_first_and_long_looks_show_how_far_they_are(run, capsys, monkeypatch):
    now = [0.0]

    def tick():
        now[0] += 1.5
        return now[0]

    monkeypatch.setattr(_running, "time", SimpleNamespace(monotonic=tick))
    run("same1", "same2", "c")
    lines = capsys.readouterr().err.splitlines()
    assert "check: 1/3  same2" in lines
    assert "same2 is the same book as same1, which is made once" in lines
    assert "check: 0/3" not in "".join(lines)
