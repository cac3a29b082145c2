"""Patterns are compiled by their first use, and find then what compiled ones find."""

import gc
import importlib
import pkgutil
import re

import pytest

import tasks.annotate
import tasks.ingest.plain
import tasks.normalise
import tasks.segment
from tasks.patterns import _Lazy, regexp

WRONG = ["("]


def test_a_pattern_is_compiled_by_its_first_use_and_only_then(monkeypatch):
    compiled = []
    compile_now = re.compile
    monkeypatch.setattr(re, "compile", lambda *arguments: compiled.append(arguments) or compile_now(*arguments))
    years = regexp(r"\b(\d{4})s?\b", re.I)
    assert years.pattern == r"\b(\d{4})s?\b"
    assert compiled == []
    assert years.sub("<\\1>", "In 1900S and 1910.") == "In <1900> and <1910>."
    assert years.search("None of them.") is None
    assert [match[1] for match in years.finditer("1900 1901")] == ["1900", "1901"]
    assert compiled == [(years.pattern, re.I)]
    assert years.groups == 1


def test_a_wrong_pattern_is_found_by_its_first_use():
    wrong = regexp(WRONG[0])
    with pytest.raises(re.error):
        wrong.search("")


def test_every_pattern_compiles():
    for package in (tasks.annotate, tasks.ingest.plain, tasks.normalise, tasks.segment):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith("task"):
                importlib.import_module(module.name)
    gc.unfreeze()  # what was there when the tests had been collected is out of sight, see tests/conftest.py
    patterns = [found for found in gc.get_objects() if type(found) is _Lazy and found.pattern not in WRONG]
    gc.freeze()
    assert len(patterns) > 500
    for found in patterns:
        re.compile(found.pattern, found._flags)
