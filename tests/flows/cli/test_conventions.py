"""Help, version and narrow terminals are as people know them from other commands."""

import re

import pytest
import typer

from flows.cli import console, main


@pytest.mark.parametrize(
    "line", ["", "voice", "book", "lexicon", "model", "maintain", "-h", "make -h", "report -h", "voice -h"]
)
def test_what_is_incomplete_shows_its_help(talepress, line):
    ended = talepress(*line.split())
    assert (ended.code, ended.err) == (0, "")
    assert "Examples:" in ended.out
    assert ("130  stopped" in ended.out) is (line in ("", "-h", "make -h", "report -h"))
    assert ended.out.startswith("Usage: talepress")


COMMANDS = [(command.__name__,) for command, _ in main.COMMANDS]
PARTS = [(noun, part.name or part.callback.__name__) for noun, app, _ in main.NOUNS for part in app.registered_commands]


@pytest.mark.parametrize("names", COMMANDS + PARTS, ids=" ".join)
def test_every_command_has_examples_and_exit_codes_in_its_help(talepress, names):
    text = talepress(*names, "--help").out
    shown = text.partition("  Examples:\n")[2].partition("\n\n")[0].splitlines()
    assert [line for line in shown if line.startswith(f"    talepress {' '.join(names)}")], text
    assert "  Exit codes:\n    0  done\n" in text
    assert ("1  done, but to be heard" in text) is (names[0] in ("make", "retry", "publish") and len(names) == 1)
    assert "[[" not in text.splitlines()[0]


@pytest.mark.parametrize("names", [(), *((noun,) for noun, _, _ in main.NOUNS)], ids=" ".join)
def test_a_list_of_commands_says_of_each_all_that_there_is(talepress, names):
    text = talepress(*names, "--help").out.partition("Commands:\n")[2].partition("\n\n")[0]
    lines = [line for line in text.splitlines() if not re.search(r"0002\.wav, \.\.\.$", line)]
    assert lines
    assert not [line for line in lines if line.endswith("...")]


def test_the_help_lists_the_exit_codes_and_the_version_is_told(talepress):
    assert "130  stopped" in talepress().out
    assert re.fullmatch(r"talepress \d+\.\d+\.\d+\n", talepress("--version").out)


@pytest.mark.parametrize(("columns", "is_table"), [("24", False), ("80", True)])
def test_a_table_whose_heads_do_not_fit_becomes_lines(monkeypatch, capsys, columns, is_table):
    monkeypatch.setattr(console, "NARROW_COLUMNS", 0)
    monkeypatch.setenv("COLUMNS", columns)
    console.emit_table("", ["chapters", "utterances", "last run"], [["The Lamplighter's Clock " * 9, 49, "done"]])
    lines = capsys.readouterr().out.splitlines()
    assert ("utterances: 49" in lines) is not is_table
    assert any("chapters" in line and "utterances" in line for line in lines) is is_table


@pytest.mark.usefixtures("voiced_home", "book")
def test_a_narrow_terminal_gets_lines_in_place_of_a_table(talepress, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    lines = talepress("plan", "book.md").out.splitlines()
    assert "chapter: Chapter Two" in lines
    assert not [line for line in lines if set(line) & set("│┃")]


def test_every_option_and_argument_of_every_command_says_what_it_is(talepress):
    talepress("--version")
    root = typer.main.get_command(main.app)
    commands = {name: command for name, command in root.commands.items() if not hasattr(command, "commands")}
    for noun, group in root.commands.items():
        commands |= {f"{noun} {name}": command for name, command in getattr(group, "commands", {}).items()}
    assert len(commands) > 40
    silent = [
        (name, parameter.name)
        for name, command in commands.items()
        for parameter in command.params
        if not getattr(parameter, "help", None)
    ]
    assert silent == []
