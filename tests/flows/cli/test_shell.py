"""The command among other programs of a shell: pipes whose reader goes away, and completion."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
pytestmark = pytest.mark.usefixtures("voiced_home")


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


@pytest.mark.parametrize("form", ["--json", ""])
def test_a_reader_that_goes_away_ends_the_command_as_it_ends_others(book, form):
    done = run_in_bash(book.parent, "{talepress} plan book.md " + form + " | true; echo ${{PIPESTATUS[0]}}")
    assert (done.stdout.strip(), done.stderr) == ("141", "")


def test_what_a_shell_asks_for_is_completed(tmp_path):
    asked = {"_TALEPRESS_COMPLETE": "complete_bash", "COMP_WORDS": "talepress st", "COMP_CWORD": "1"}
    done = run_in_bash(tmp_path, "{talepress}", **asked)
    assert (done.stdout.split(), done.stderr) == (["status"], "")
