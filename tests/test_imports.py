"""No module imports itself by a detour: reading may start anywhere, and a part can be taken out with what it needs."""

from __future__ import annotations

import ast
import graphlib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ["flows", "tasks", "storage", "configs", "tortoise_core"]


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported_by(path: Path) -> set[str]:
    """The names of modules that a file imports, anywhere in it. `from package import x` runs the package, too."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def test_imports_form_no_circle():
    files = {module_of(path): path for package in PACKAGES for path in (ROOT / package).rglob("*.py")}
    assert len(files) > 100
    graph = {module: imported_by(path) & files.keys() for module, path in files.items()}
    graphlib.TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle
