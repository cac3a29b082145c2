"""Which exit code an error or a report means."""

import contextvars
import errno
import io
import json
import os
import sys
from contextlib import nullcontext
from datetime import UTC, datetime

import pytest

from flows.cli import console
from flows.cli.console import (
    ExitCode,
    emit_json,
    emit_table,
    end,
    exit_code_of,
    make_console,
    one_line,
    require_consent,
    shown_path,
    shown_time,
    tell,
)
from flows.cli.report import show_report
from storage.errors import (
    BookBusyError,
    DatabaseBusyError,
    DatabaseFullError,
    DatabaseLostError,
    DatabasePlaceError,
    DatabaseUrlError,
    DuplicateError,
    NotFoundError,
    StoreUnavailableError,
)
from storage.records import RunState
from tasks.errors import BadInputError, CoverageError, EngineMemoryError, OutputError, TransientError
from tests.flows.order.test_report import REPORT, replace
from tortoise_core.errors import CheckpointError, ConfigError, OutOfMemoryError, TextError


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (BadInputError("x"), 2),
        (OutputError("x"), 2),
        (NotFoundError("x"), 2),
        (DuplicateError("x"), 2),
        (TextError("x"), 2),
        (ConfigError("x"), 2),
        (CheckpointError("x"), 2),
        (OSError(errno.ENOSPC, "full"), 2),
        (OSError(errno.EDQUOT, "quota"), 2),
        (OSError(errno.ENAMETOOLONG, "too long", "xxx"), 2),
        (OSError(errno.EACCES, "of nothing that was named"), 3),
        (BookBusyError("x"), 2),
        (StoreUnavailableError("x"), 2),
        (DatabaseFullError("x"), 2),
        (DatabaseLostError("x"), 2),
        (DatabaseUrlError("x"), 2),
        (DatabasePlaceError("x"), 2),
        (OSError(errno.EIO, "broken"), 3),
        (OutOfMemoryError("x"), 3),
        (EngineMemoryError("x"), 3),
        (TransientError("x"), 3),
        (CoverageError("x"), 3),
        (DatabaseBusyError("x"), 3),
        (KeyError("x"), 3),
    ],
    ids=lambda value: type(value).__name__,
)
def test_exit_codes(error, code):
    assert exit_code_of(error) == code


@pytest.mark.parametrize(("state", "code"), [(RunState.DONE, 0), (RunState.FLAGGED, 1)])
@pytest.mark.parametrize("json", [True, False])
def test_a_report_ends_with_its_state(capsys, state, code, json):
    assert show_report(replace(REPORT, state=state), json=json) == code
    assert capsys.readouterr().out
    assert (ExitCode.DONE, ExitCode.FLAGGED) == (0, 1)


def test_a_full_disk_is_told_with_its_remedy():
    assert "free some space" in one_line(OSError(errno.ENOSPC, "No space left"))
    assert one_line(KeyError("x")).startswith("unexpected KeyError")


@pytest.mark.parametrize("stderr", [True, False])
def test_a_reader_that_goes_away_is_left_to_main(monkeypatch, stderr):
    """By default Rich would point stdout elsewhere, and end the command with code 1."""

    class Gone(io.StringIO):
        def write(self, _):
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stderr" if stderr else "stdout", Gone())
    with pytest.raises(BrokenPipeError):
        make_console(stderr=stderr).print("x")


def test_a_path_is_told_in_one_short_line():
    text = one_line(OSError(errno.ENAMETOOLONG, "File name too long", "a\nb\udcff" + "x" * 5000))
    assert text.startswith("a b\\udcffxxx")
    assert text.endswith(" ...: cannot be used (File name too long); name another place")
    assert len(text) < 300


@pytest.mark.parametrize(
    ("answer", "consents"), [("y", True), ("Yes ", True), ("n", False), ("no", False), ("", False), ("why?", False)]
)
def test_only_a_yes_consents(monkeypatch, answer, consents):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr(sys, "stdin", Terminal(f"{answer}\n"))
    monkeypatch.setattr(sys, "stderr", Terminal())
    with nullcontext() if consents else pytest.raises(BadInputError, match="nothing was removed"):
        require_consent("remove a book", yes=False)
    require_consent("remove a book", yes=True)  # nobody is asked


def test_where_nobody_can_be_asked_nothing_is_removed(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    with pytest.raises(BadInputError, match="say --yes"):
        require_consent("remove a book", yes=False)


@pytest.mark.parametrize(
    ("number", "code"),
    [
        *(
            (number, 2)
            for number in ("ENAMETOOLONG", "EACCES", "EPERM", "EROFS", "ENOTDIR", "EISDIR", "ELOOP", "EINVAL")
        ),
        ("ENOENT", 3),
        ("EIO", 3),
    ],
)
def test_a_place_that_cannot_be_used_is_bad_input_and_another_is_asked_for(number, code):
    error = OSError(getattr(errno, number), "no", "/some/where")
    assert exit_code_of(error) == code
    assert one_line(error).startswith("/some/where: cannot be used (no); name another" if code == 2 else "unexpected")


@pytest.mark.parametrize("stdin", ["", "y"])
def test_the_question_is_put_on_stderr_and_the_end_of_input_is_no_yes(monkeypatch, stdin):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    asked = Terminal()
    monkeypatch.setattr(sys, "stdin", Terminal(stdin))
    monkeypatch.setattr(sys, "stderr", asked)
    with pytest.raises(BadInputError) if not stdin else nullcontext():
        require_consent("remove a book", yes=False)
    assert asked.getvalue() == "Remove a book? [y/N] "


def test_for_programs_every_line_is_json_and_only_in_their_command(capsys):
    def command():
        console.tell_in_json()
        tell("a 'word'\nof two lines, ü")

    contextvars.copy_context().run(command)
    tell("for people")
    first, second = capsys.readouterr().err.splitlines()
    assert json.loads(first) == {"event": "note", "text": "a 'word'\nof two lines, ü"} and "ü" in first
    assert second == "for people"


def test_a_result_is_one_object_as_it_is_written(capsys):
    emit_json({"title": "Ü", "path": "a\udcff", "n": [1]})
    assert capsys.readouterr().out == '{\n  "title": "Ü",\n  "path": "a\\udcff",\n  "n": [\n    1\n  ]\n}\n'


def test_a_process_ends_by_its_code_and_at_once_where_it_must(monkeypatch):
    done = []
    monkeypatch.setattr(os, "_exit", lambda code: done.append(code) or sys.exit("at once"))
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    monkeypatch.setattr(sys.stdout, "flush", lambda: done.append("flushed"), raising=False)

    def command():
        console.end_at_once()
        end(3)

    with pytest.raises(SystemExit) as ended:
        contextvars.copy_context().run(command)
    assert (ended.value.code, done) == ("at once", ["flushed", 3])
    with pytest.raises(SystemExit) as ended:
        end(2)
    assert (ended.value.code, len(done)) == (2, 2)


def test_paths_and_times_are_short(capsys):
    assert shown_path("a\n\tb" + "\udcff") == "a b\\udcff"
    assert shown_path(b"caf\xe9") == "caf\\udce9"
    assert [len(shown_path("x" * length)) for length in (199, 200, 201)] == [199, 200, 200]
    assert shown_path("x" * 201).endswith("xxx ...")
    assert shown_time(datetime(2026, 11, 9, 8, 5, 59, tzinfo=UTC)) == "2026-11-09 08:05 UTC"


def test_a_table_without_rows_says_why_and_one_without_a_word_is_empty(capsys):
    emit_table("", ["a"], [], empty="nothing yet")
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", "nothing yet\n")
    emit_table("", ["head"], [])
    assert "head" in capsys.readouterr().out


def test_a_table_shows_what_cells_hold_and_no_markup_of_theirs(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    emit_table("The title", ["", "what"], [["[bold]x[/bold]", 1], ["y", None]])
    out = capsys.readouterr().out
    assert out.startswith("The title") and "[bold]x[/bold]" in out and "None" in out
    emit_table("", ["", ""], [["x", 1]])
    assert "┃" not in capsys.readouterr().out  # no heads, no line for them


def test_in_a_narrow_terminal_a_table_is_a_line_for_each_cell(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "59")
    emit_table("Title", ["a", ""], [["x", "y"], [1, 2]])
    assert capsys.readouterr().out == "Title\n\na: x\ny\n\na: 1\n2\n\n"
    emit_table("", ["", ""], [["x", "y"]])
    assert capsys.readouterr().out == "x: y\n"
    monkeypatch.setenv("COLUMNS", "60")
    emit_table("", ["a"], [["x"]])
    assert "┃" in capsys.readouterr().out
