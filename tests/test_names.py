"""Files, folders and identifiers that pages name are there. Reads modules as syntax trees, and must not import them."""

from __future__ import annotations

import ast
import re
import tomllib
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CODE_FOLDERS = ("flows", "tasks", "storage", "configs", "tortoise_core", "tests", "samples")
DECISIONS = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs" / "decisions").glob("*.md"))

# Pages that name files as they are; `<name>` in a path stands for what a reader will choose.
PAGES = (
    "README.md",
    "CONTRIBUTING.md",
    *(f"docs/{name}.md" for name in ("architecture", "database", "operations")),
    *DECISIONS,
)
FILE_NAME = re.compile(r"[\w./<>*-]+\.(?:py|md|toml|tsv|ini)|(?:[\w.<>*-]+/)+[\w.<>*-]*")
USERS_OWN = {"talepress.toml", "defaults.toml", "emma.toml", "deploy/.env"}  # files that a user makes


@cache
def tree() -> frozenset[str]:
    """Paths of all files and folders of the project, relative to its root."""
    below = (path for name in (*CODE_FOLDERS, "docs", "deploy", ".ci") for path in (ROOT / name).rglob("*"))
    paths = {path.relative_to(ROOT).as_posix() for path in below if "__pycache__" not in path.parts}
    return frozenset(paths | {path.name for path in ROOT.iterdir()})


def is_in_tree(name: str) -> bool:
    """Whether a page's name of a file or folder fits one: whole, or from some folder on ("nn/gpt.py").

    A path with a part to be chosen, such as `tasks/<name>/task.py`, needs the folders before it.
    """
    name = name.partition("<")[0].rpartition("/")[0] if "<" in name else name.rstrip("/")
    pattern = re.compile(r"(?:.+/)?" + re.escape(name).replace(r"\*", "[^/]*"))
    return any(pattern.fullmatch(path) for path in tree())


@cache
def identifiers(folder: str = "") -> frozenset[str]:
    """Names that modules define below a folder or in a file: classes, functions, parameters, variables, fields."""
    base = ROOT / folder
    roots = [base] if base != ROOT else [ROOT / name for name in CODE_FOLDERS]
    files = [path for root in roots for path in ([root] if root.is_file() else root.rglob("*.py"))]
    found = set()
    for node in (node for path in files for node in ast.walk(ast.parse(path.read_text("utf-8")))):
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.arg(arg=name):
                found.add(name)
            case ast.Name(id=name, ctx=ast.Store()):
                found.add(name)
    return frozenset(found)


def settings_key(name: str) -> bool:
    """Whether default.toml has a section, "[qa]", or a key, "ingest.also_read"."""
    values: object = tomllib.loads((ROOT / "configs" / "default.toml").read_text("utf-8"))
    for part in name.strip("[]").split("."):
        if not isinstance(values, dict) or part not in values:
            return False
        values = values[part]
    return True


def is_there(name: str) -> bool:
    """Whether what a recipe of "How to add" names in backticks exists. A word that cannot be looked up does not."""
    if name.startswith("--"):
        return any(f'"{name}"' in path.read_text("utf-8") for path in (ROOT / "flows" / "cli").glob("*.py"))
    if name.startswith("talepress "):
        return is_in_tree(f"flows/cli/{name.split()[1]}.py")
    if name.startswith("make "):
        return f"\n{name.split()[1]}:" in (ROOT / "Makefile").read_text("utf-8")
    if FILE_NAME.fullmatch(name):
        return is_in_tree(name)
    if "." in name or name.startswith("["):
        return settings_key(name)
    pattern = re.compile(re.sub(r"<\w+>", r"\\w+", name.removeprefix("@")))
    return any(pattern.fullmatch(known) for known in identifiers())


def recipes() -> str:
    """CONTRIBUTING's "How to add"."""
    return (ROOT / "CONTRIBUTING.md").read_text("utf-8").partition("\n## How to add")[2].partition("\n## ")[0]


@pytest.mark.parametrize("page", PAGES)
def test_every_file_that_a_page_names_is_there(page):
    named = {name for name in re.findall(r"`([^`\n]+)`", (ROOT / page).read_text("utf-8")) if FILE_NAME.fullmatch(name)}
    named = {name for name in named if name.endswith((".py", ".toml", ".tsv", ".md")) or name.split("/")[0] in tree()}
    missing = sorted(name for name in named - USERS_OWN if not is_in_tree(name))
    assert missing == [], f"{page} names what is not there: {', '.join(missing)}"


def test_what_how_to_add_names_is_there():
    named = set(re.findall(r"`([^`]+)`", recipes())) - {"<name>"}
    assert len(named) > 50
    missing = {name for name in named if not is_there(name)}
    assert missing == set(), f"not there: {sorted(missing)}"


def test_what_how_to_add_says_to_be_in_a_file_is_in_that_file():
    pairs = re.findall(r"`(\w+)` (?:of|in)\s`([\w/]+\.py)`", recipes())
    assert len(pairs) > 8
    elsewhere = [f"{name} of {file}" for name, file in pairs if name not in identifiers(file)]
    assert elsewhere == [], f"not there: {', '.join(elsewhere)}"


@pytest.mark.parametrize(
    "name",
    [
        "tasks/nowhere/",
        "nowhere.py",
        "NOWHERE",
        "qa.nowhere",
        "[nowhere]",
        "--nowhere",
        "talepress nowhere",
        "make nowhere",
        "a b",
    ],
)
def test_a_name_that_is_nowhere_is_found_out(name):
    assert not is_there(name)


def test_a_name_with_a_part_to_choose_needs_its_folder():
    assert is_in_tree("tasks/qa/<name>.py") and is_there("<Name>Settings")
    assert not is_in_tree("tasks/nowhere/<name>.py") and not is_there("<Name>Nowhere")
