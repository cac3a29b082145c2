"""Several books in one command: all are checked first, one's failure stops no other, the highest exit code counts."""

import json
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from flows.cli import launch as _launch
from flows.cli.console import ExitCode
from flows.cli.progress import Form
from flows.cli.running import Ready, run_books
from flows.order.books import NamedBooks
from flows.order.request import Request
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
