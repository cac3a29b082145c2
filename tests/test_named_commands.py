"""Every `talepress ...` that a page, a message or a file of `deploy/` names is a command with these options."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from flows.cli.main import app

ROOT = Path(__file__).resolve().parents[1]
PLACES = ("*.md", "docs/**/*.md", "deploy/**/*", "configs/**/*.toml", "configs/*.py")
CODE = ("flows/**/*.py", "tasks/**/*.py", "storage/**/*.py", "tortoise_core/**/*.py")
QUOTED = re.compile(r"`talepress ([^`]*)`")
SHELL = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
OPTION = re.compile(r"(?<![\w-])--?[a-z][a-z-]*")
ANY = ("COMMAND", "...")  # stand for a command


def options_by_command() -> dict[tuple[str, ...], set[str]]:
    """The options of each command by its words: ("voice", "add"). A noun alone has those of help."""
    commands: dict[tuple[str, ...], set[str]] = {}
    for name, command in typer.main.get_command(app).commands.items():
        parts = {(name, part): of for part, of in getattr(command, "commands", {}).items()}
        for words, one in {(name,): command, **parts}.items():
            commands[words] = {o for param in one.params for o in (*param.opts, *param.secondary_opts)} | {"--help"}
    return commands


COMMANDS = options_by_command()


def named_in(text: str) -> Iterator[str]:
    """What stands behind each `talepress` of a page or a module, in one line."""
    lines = [line for block in SHELL.findall(text) for line in re.findall(r"^talepress ([^#|;&<\n]*)", block, re.M)]
    for found in [*QUOTED.findall(text), *lines]:
        yield " ".join(re.sub(r'"\s*f?"', "", found).split())


def faults(line: str) -> list[str]:
    """What of a line is no command or option. `a|b` names several commands."""
    words = line.split()
    if not words or words[0].startswith("-") or words[0] in ANY:
        return []
    wrong = []
    for name in words[0].split("|"):
        has_parts = any(key[0] == name and len(key) == 2 for key in COMMANDS)
        parts = words[1].split("|") if has_parts and len(words) > 1 else []
        for key in [(name, part) for part in parts] or [(name,)]:
            known = COMMANDS.get(key)
            wrong += [" ".join(key)] if known is None else [o for o in OPTION.findall(line) if o not in known]
    return wrong


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("make book.epub --chapters 1", []),
        ("maintain backup|tidy", ["maintain backup", "maintain tidy"]),
        ("voice add NAME --mix x --colour red", ["--colour"]),
        ("speak BOOK", ["speak"]),
        ("COMMAND --help", []),
    ],
)
def test_what_is_no_command_is_found_out(line, wrong):
    assert faults(line) == wrong


@pytest.mark.parametrize("patterns", [PLACES, CODE], ids=["pages", "code"])
def test_every_command_that_is_named_is_there(patterns):
    files = {path for pattern in patterns for path in ROOT.glob(pattern) if path.is_file() and path.suffix != ".bin"}
    named = {line: path for path in sorted(files) for line in named_in(path.read_text("utf-8", "replace"))}
    assert len(named) > 50
    assert {line: str(path) for line, path in named.items() if faults(line)} == {}
