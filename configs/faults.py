"""Puts faults of settings into sentences: which setting, where it comes from, what would have been right.

Must not know which settings there are.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from tortoise_core.plain_data import parse_toml

PREFIX = "TALEPRESS_"  # of environment variables


def explain(detail: Any, overrides: Mapping[str, Any], files: Sequence[Path], model: type[BaseModel]) -> str:
    """Puts one validation error into words: the setting, where it comes from, what is wrong.

    Args:
        detail: one of pydantic's.
        overrides: settings by section that were given in the program.
        files: settings files that were read, the weakest first.
        model: what was validated.
    """
    path = [str(part) for part in detail["loc"]]
    name = ".".join(path)
    source = _source_of(path, overrides, files)
    if detail["type"] == "extra_forbidden":
        return f"unknown setting {name} (from {source}): {nearest(path[-1], _siblings(path, model))}"
    return f"bad setting {name} = {detail['input']!r} (from {source}): {detail['msg'].lower()}"


def _source_of(path: list[str], overrides: Mapping[str, Any], files: Sequence[Path]) -> str:
    """Names the strongest source that holds a setting."""
    variable = PREFIX + "__".join(path).upper()
    if _holds(overrides, path):
        return "the command line"
    if variable in (name.upper() for name in os.environ):
        return f"environment variable {variable}"
    for file in reversed(files):
        if _holds(parse_toml(file.read_text(encoding="utf-8")), path):
            return str(file)
    return "nowhere"


def _holds(tree: Any, path: list[str]) -> bool:
    for part in path:
        if not isinstance(tree, Mapping) or part not in tree:
            return False
        tree = tree[part]
    return True


def _siblings(path: list[str], model: Any) -> list[str]:
    """Lists the names that would have been right in place of the last part of `path`."""
    for part in path[:-1]:
        model = model.model_fields[part].annotation
    return list(model.model_fields)


def nearest(word: str, known: Any) -> str:
    """Writes a hint at the right name."""
    close = difflib.get_close_matches(word, list(known), n=1)
    return f"did you mean {close[0]}?" if close else f"known are {', '.join(known)}"
