"""House rules that a machine can check: sizes, boundary sentences, one assignment a line, tests that mirror the tree.

Looks at sources as text and as syntax trees, and must not import any of them.
"""

from __future__ import annotations

import ast
import graphlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CODE_FOLDERS = ("flows", "tasks", "storage", "configs", "tortoise_core", "samples")
# Of the whole, not of one folder.
OTHER_TESTS = ("bench", "blind", "cases", "chaos", "e2e", "fuzz", "parity", "quality")
REVISIONS = "storage/migrations/versions"  # lists of statements, which nobody edits once they are released

MAX_LINE = 120
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60

BOUNDARY = re.compile(r"\b(?:must (?:not|stay)|knows? (?:nothing|no|not|neither|only))\b", re.IGNORECASE)


@cache
def modules(*folders: str) -> tuple[Path, ...]:
    """Python files below the folders, relative to the root, in order."""
    return tuple(sorted(path.relative_to(ROOT) for name in folders for path in (ROOT / name).rglob("*.py")))


@cache
def text_of(path: Path) -> str:
    """What a file of the tree says."""
    return (ROOT / path).read_text("utf-8")


@cache
def tree_of(path: Path) -> ast.Module:
    """The syntax tree of a module."""
    return ast.parse(text_of(path))


def inside(path: Path, *folders: str) -> bool:
    """Whether a path relative to the root lies in one of the folders."""
    return any(path.is_relative_to(folder) for folder in folders)


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Name and number of lines of each function of a module, methods and inner functions among them."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def tuple_assignments(tree: ast.Module) -> list[int]:
    """Lines of assignments such as `a, b = 1, 2`, which are two. An exchange of values (`a, b = b, a`) is one."""
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple)
        for target in node.targets
        if isinstance(target, ast.Tuple)
        and sorted(map(ast.unparse, target.elts)) != sorted(map(ast.unparse, node.value.elts))
    ]


def test_no_line_is_longer_than_120_characters():
    long = [
        f"{path}:{number} has {len(line)} characters"
        for path in modules(*CODE_FOLDERS, "tests")
        for number, line in enumerate(text_of(path).splitlines(), 1)
        if len(line) > MAX_LINE
    ]
    assert long == []


def test_no_file_has_more_than_400_lines():
    counts = {str(path): text_of(path).count("\n") for path in modules(*CODE_FOLDERS, "tests")}
    assert {path: count for path, count in counts.items() if count > MAX_FILE_LINES} == {}


def test_no_function_has_more_than_60_lines():
    long = [
        f"{path}: {name} has {lines} lines"
        for path in modules(*CODE_FOLDERS, "tests")
        if not inside(path, REVISIONS)
        for name, lines in functions(path)
        if lines > MAX_FUNCTION_LINES
    ]
    assert long == []


def test_a_module_says_what_it_owns_and_one_thing_that_it_must_not_know():
    silent = [
        str(path)
        for path in modules(*CODE_FOLDERS)
        if not inside(path, REVISIONS)
        and not BOUNDARY.search(" ".join((ast.get_docstring(tree_of(path)) or "").split()))
    ]
    assert silent == [], (
        f"{len(silent)} modules without a sentence such as 'Knows nothing of ...' or 'Must not know ...'"
    )


def test_a_test_module_says_what_it_is_about():
    silent = [str(path) for path in modules("tests") if text_of(path) and not ast.get_docstring(tree_of(path))]
    assert silent == []


def test_a_line_assigns_one_thing():
    found = [f"{path}:{line}" for path in modules(*CODE_FOLDERS, "tests") for line in tuple_assignments(tree_of(path))]
    assert found == []


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("a, b = 1, 2", [1]),
        ("\nself.a, b[0] = x, (y, z)", [2]),
        ("a, b = b, a", []),
        ("a[i], a[j] = a[j], a[i]", []),
        ("a, b = pair()", []),
        ("a = 1, 2", []),
    ],
)
def test_tuple_assignments_are_told_from_exchanges_and_unpacking(source, lines):
    assert tuple_assignments(ast.parse(source)) == lines


def test_tests_lie_in_folders_named_as_what_they_test():
    folders = {path.parent.relative_to("tests") for path in modules("tests")} - {Path()}
    mirrored = {folder for folder in folders if folder.parts[0] not in OTHER_TESTS}
    assert len(mirrored) > 20
    assert [str(folder) for folder in sorted(mirrored) if not (ROOT / folder).is_dir()] == []


def test_folders_of_code_are_packages_all_the_way_down():
    folders = {path.parent for path in modules(*CODE_FOLDERS, "tests") if path.parts[0] != "samples"}
    parents = {parent for folder in folders for parent in folder.parents} - {Path()}
    assert [str(folder) for folder in sorted(folders | parents) if not (ROOT / folder / "__init__.py").is_file()] == []


def imports(path: Path, names: frozenset[str]) -> set[str]:
    """Modules among `names` that a module imports at its top level, those for annotations alone among them."""
    found = set()
    top = tree_of(path).body
    for node in [inner for outer in top for inner in (outer.body if isinstance(outer, ast.If) else [outer])]:
        if isinstance(node, ast.ImportFrom) and node.module:
            inside = {f"{node.module}.{alias.name}" for alias in node.names} & names
            found |= inside or {node.module} & names
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names} & names
    return found


def test_no_module_imports_itself_by_way_of_others():
    paths = {".".join(path.with_suffix("").parts).removesuffix(".__init__"): path for path in modules(*CODE_FOLDERS)}
    names = frozenset(paths)
    graph = {name: imports(path, names) - {name} for name, path in paths.items()}
    assert sum(map(len, graph.values())) > 500
    graphlib.TopologicalSorter(graph).prepare()  # raises CycleError with the circle
