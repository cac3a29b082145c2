"""Every place names the same versions of Python, and every package that the project asks for is pinned."""

from __future__ import annotations

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from flows.actions.doctor import SUPPORTED_PYTHON
from tests import pins

PROJECT = tomllib.loads((pins.ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
REQUIREMENTS = [Requirement(line) for part in (PROJECT["dependencies"], *EXTRAS.values()) for line in part]
VERSIONS = pins.supported()


def test_the_supported_versions_of_python():
    assert VERSIONS == ["3.11", "3.12", "3.13", "3.14"]
    (lowest, below) = SUPPORTED_PYTHON
    assert [f"3.{minor}" for minor in range(lowest[1], below[1])] == VERSIONS


@pytest.mark.parametrize("page", ["README.md", "Makefile"])
def test_a_page_names_the_supported_versions(page):
    listed = ", ".join(VERSIONS[:-1]) + f" and {VERSIONS[-1]}"
    assert listed in (pins.ROOT / page).read_text("utf-8")


def test_make_tries_the_supported_versions_and_no_others():
    makefile = (pins.ROOT / "Makefile").read_text("utf-8")
    tried = re.search(r"^PYTHON \?= python3 (.*)$", makefile, re.MULTILINE)[1].split()
    assert sorted(tried) == [f"python{version}" for version in VERSIONS]
    low, high = re.search(r"not \((3, \d+)\) <= sys\.version_info\[:2\] < \((3, \d+)\)", makefile).groups()
    assert tuple(tuple(map(int, bound.split(", "))) for bound in (low, high)) == SUPPORTED_PYTHON


def test_what_builds_the_project_is_pinned_as_what_runs_it():
    (line,) = tomllib.loads((pins.ROOT / "pyproject.toml").read_text("utf-8"))["build-system"]["requires"]
    name, version = line.split("==")
    assert pins.pins((pins.ROOT / "constraints.txt").read_text("utf-8"))[name] == version


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=lambda requirement: requirement.name)
def test_a_package_that_is_asked_for_is_pinned_to_a_version_that_fits(requirement):
    pinned = pins.pins((pins.ROOT / "constraints.txt").read_text("utf-8"))
    version = pinned[canonicalize_name(requirement.name)]
    assert requirement.specifier.contains(version), f"{requirement} is pinned to {version}"
