"""Which exit code an error or a report means."""

import errno
import io
import sys
from contextlib import nullcontext

import pytest

from flows.cli.console import ExitCode, exit_code_of, make_console, one_line, require_consent
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
