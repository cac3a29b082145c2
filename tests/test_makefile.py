"""The Makefile on a clone by itself: what is not there is named with its remedy. Knows no recipe's work."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TARGET = re.compile(r"^([a-z][a-z-]*):", re.MULTILINE)
NAMED = re.compile(r"(?:`|^ {4}|&& )make ([a-z][a-z-]*)", re.MULTILINE)


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["make", "--no-print-directory", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "docs/quality.md", "docs/numbers.md"])
def test_every_target_that_a_page_names_is_there(page):
    named = set(NAMED.findall((ROOT / page).read_text("utf-8")))
    assert named
    assert named - set(TARGET.findall((ROOT / "Makefile").read_text("utf-8"))) == set()


def test_help_lists_every_target_once_with_what_it_does():
    targets = [name for name in TARGET.findall((ROOT / "Makefile").read_text("utf-8")) if not name.startswith("has-")]
    done = make("help")
    listed = [line.split(maxsplit=2) for line in done.stdout.splitlines()]
    assert [name for _, name, _ in listed] == list(dict.fromkeys(targets))
    assert done.returncode == 0 and not [name for _, name, words in listed if not words[0].isalnum()]


@pytest.mark.parametrize(
    ("target", "variable"),
    [
        ("train-mini", "SENTENCES"),
        ("train-mini", "HELD_OUT"),
        ("quality", "SENTENCES"),
        ("quality", "HELD_OUT"),
        ("quality", "SPEECH_REPORT"),
        ("scaling", "SPEECH_REPORT"),
        ("train-on", "SENTENCES"),
        ("train-on", "HELD_OUT"),
    ],
)
def test_an_input_that_is_not_there_is_named_before_anything_is_done(target, variable, tmp_path):
    inputs = {name: f"{name}=README.md" for name in ("SENTENCES", "HELD_OUT", "SPEECH_REPORT")}
    inputs[variable] = f"{variable}={tmp_path}/nowhere"
    done = make(target, *inputs.values(), f"VENV={tmp_path}/venv", f"WORKSPACE={tmp_path}/workspace")
    assert done.returncode == 2
    assert f"There is no file {tmp_path}/nowhere. {variable} names the " in done.stderr
    assert f"make {target} {variable}=PATH" in done.stderr
    assert list(tmp_path.iterdir()) == [] and done.stdout == ""


def test_inputs_that_are_there_are_not_complained_of():
    assert make("has-sentences", "SENTENCES=README.md").returncode == 0
    assert make("has-held-out", "HELD_OUT=README.md Makefile").returncode == 0
    assert make("has-held-out", "HELD_OUT=").returncode == 0


def test_where_no_python_is_supported_one_line_says_which_are_and_how_to_name_one(tmp_path):
    old = tmp_path / "python3.10"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    done = make("book", f"PYTHON={old} nowhere", f"VENV={tmp_path}/venv")
    assert (done.returncode, done.stdout) == (2, "")
    told, ended = done.stderr.splitlines()
    assert told == (
        f"None of these is a supported Python: {old} nowhere. Supported are 3.11, 3.12, 3.13 and 3.14; name yours: "
        "make book PYTHON=python3.13"
    )
    assert re.match(r"make(\[\d+\])?: \*\*\*", ended)  # numbered where `make test` runs this
    assert not (tmp_path / "venv").exists()


def test_the_first_supported_python_makes_the_environment(tmp_path):
    fake = tmp_path / "python"
    fake.write_text(f'#!/bin/sh\ntest "$1" = -c || echo "$@" > {tmp_path}/asked; test "$1" = -c\n')
    fake.chmod(0o755)
    make("book", f"PYTHON=nowhere {fake} python3", f"VENV={tmp_path}/venv")
    assert (tmp_path / "asked").read_text() == f"-m venv {tmp_path}/venv\n"
