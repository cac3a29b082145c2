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
