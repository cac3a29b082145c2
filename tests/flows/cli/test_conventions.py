"""The command behaves as commands do: help, version, completion, pipes, narrow terminals."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    "arguments", [[], ["voice"], ["book"], ["lexicon"], ["model"], ["-h"], ["make", "-h"], ["voice", "-h"]]
)
def test_what_is_incomplete_shows_its_help(talepress, arguments):
    ended = talepress(*arguments)
    assert (ended.code, ended.err) == (0, "")
    assert "Examples:" in ended.out
    assert ended.out.startswith("Usage: talepress")


def test_the_help_lists_the_exit_codes_and_the_version_is_told(talepress):
    assert "130  interrupted" in talepress().out
    assert re.fullmatch(r"talepress \d+\.\d+\.\d+\n", talepress("--version").out)


@pytest.mark.usefixtures("home", "book")
def test_a_narrow_terminal_gets_lines_in_place_of_a_table(talepress, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    lines = talepress("plan", "book.md").out.splitlines()
    assert "chapter: Chapter Two" in lines
    assert not [line for line in lines if set(line) & set("│┃")]


def run_in_bash(folder, script, **environment):
    command = f"{sys.executable} -c 'from flows.cli.main import main; main()'"
    return subprocess.run(
        ["bash", "-c", script.format(talepress=command)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.usefixtures("home", "book")
def test_a_reader_that_goes_away_ends_the_command_as_it_ends_others(tmp_path):
    done = run_in_bash(tmp_path, "{talepress} plan book.md --json | true; echo ${{PIPESTATUS[0]}}")
    assert (done.stdout.strip(), done.stderr) == ("141", "")


def test_what_a_shell_asks_for_is_completed(tmp_path):
    asked = {"_TALEPRESS_COMPLETE": "complete_bash", "COMP_WORDS": "talepress st", "COMP_CWORD": "1"}
    done = run_in_bash(tmp_path, "{talepress}", **asked)
    assert (done.stdout.split(), done.stderr) == (["status"], "")
