"""Whatever ends a command becomes one line and an exit code."""

import os
import signal
import subprocess
import sys

import pytest
import typer

from flows.cli import main as command
from tasks.errors import BadInputError, CoverageError


@pytest.fixture
def ends(monkeypatch, capsys):
    """Runs `talepress` whose command ends so. Returns the exit code and what stderr holds."""

    def run(end, *arguments):
        def app(**_):
            return end()

        app.info = command.app.info
        monkeypatch.setattr(command, "app", app)
        monkeypatch.setattr(sys, "argv", ["talepress", *arguments])
        with pytest.raises(SystemExit) as ended:
            command.main()
        return ended.value.code, capsys.readouterr().err

    return run


def raising(error):
    def end():
        raise error

    return end


@pytest.mark.parametrize(("returned", "code"), [(None, 0), (0, 0), (1, 1), (2, 2), (3, 3)])
def test_a_command_ends_with_the_code_that_it_returns(ends, returned, code):
    assert ends(lambda: returned) == (code, "")


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (BadInputError("no such\n book"), 2, "talepress: no such book\n"),
        (CoverageError("3 characters are lost"), 3, "talepress: 3 characters are lost\n"),
        (KeyError("x"), 3, "talepress: unexpected KeyError: 'x' (`talepress --verbose ...` shows the details)\n"),
        (
            typer.BadParameter("no such option"),
            2,
            "talepress: Invalid value: no such option (see `talepress --help`)\n",
        ),
        (KeyboardInterrupt(), 130, "talepress: interrupted; the same command continues where this one stopped\n"),
        (typer.Abort(), 130, "talepress: interrupted; the same command continues where this one stopped\n"),
        (SystemExit(7), 7, ""),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_error_is_one_line_and_a_code(ends, error, code, line):
    ended, err = ends(raising(error))
    assert (ended, err[: len(line)], err.count("\n")) == (code, line, 1 if line else 0)


def test_details_are_shown_to_whoever_asks_for_them(ends):
    _, plain = ends(raising(CoverageError("lost")))
    _, verbose = ends(raising(CoverageError("lost")), "--verbose")
    assert "Traceback" not in plain
    assert verbose.startswith("Traceback") and verbose.endswith("talepress: lost\n")


@pytest.mark.parametrize("arguments", [["nonsense"], ["make", "--nonsense"], ["book", "nonsense"]])
def test_a_wrong_use_says_where_the_right_one_is_shown(home, talepress, arguments):
    ended = talepress(*arguments)
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert "--help`)" in ended.err


@pytest.mark.parametrize("arguments", [[], ["--help"], ["book"], ["make", "-h"], ["--version"]])
def test_help_is_no_failure(home, talepress, arguments):
    ended = talepress(*arguments)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out


def test_a_command_whose_reader_is_gone_ends_by_its_signal(home):
    code = "import sys; sys.argv[1:] = ['--help']; from flows.cli.main import main; main()"
    read_end, write_end = os.pipe()
    os.close(read_end)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ended = subprocess.run(
        [sys.executable, "-c", code], stdout=write_end, stderr=subprocess.PIPE, env=environment, check=False
    )
    os.close(write_end)
    assert (ended.returncode, ended.stderr) == (-signal.SIGPIPE, b"")


@pytest.mark.parametrize("name", ["make", "retry", "publish"])
def test_the_help_of_what_makes_books_names_their_own_exit_code(home, talepress, name):
    assert "1  done, but to be heard" in talepress(name, "--help").out
    assert "1  done, but to be heard" not in talepress("check", "--help").out


def test_every_example_begins_with_its_own_command():
    for function, examples in command.COMMANDS:
        assert all(f"talepress {function.__name__}" in example for example in examples)
    for noun, part, examples in command.NOUNS:
        assert all(example.startswith(f"talepress {noun} ") for example in examples)
        for registered in part.registered_commands:
            assert registered.epilog
