"""Links of pages, references to the specification, the index of decisions lead somewhere. Knows no code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CODE_FOLDERS = ("flows", "tasks", "storage", "configs", "tortoise_core", "tests", "samples")
SPECIFICATION = ROOT / "docs" / "spec.md"
PAGES = sorted([*ROOT.glob("*.md"), *(p for name in ("docs", *CODE_FOLDERS) for p in (ROOT / name).rglob("*.md"))])

_NUMBER = r"\d+(?:\.\d+)?"
REFERENCE = re.compile(rf"\bspec(?:, section)? ({_NUMBER}(?:(?:, | and ){_NUMBER})*)")
SECTION = re.compile(rf"^##+ ({_NUMBER})[. ]", re.MULTILINE)
ITEM = re.compile(r"^(\d+)\. ", re.MULTILINE)
INLINE_CODE = re.compile(r"`[^`\n]*`")
LINK = re.compile(r"\]\(([^()\s#]+)(?:#[^()\s]*)?\)")


def references(text: str) -> set[str]:
    """Numbers of the specification's sections that a text names, as in "(spec 3.4, step 5)" or "(spec 4 and 5)"."""
    return {number for listed in REFERENCE.findall(text) for number in re.findall(_NUMBER, listed)}


def places(specification: str) -> set[str]:
    """What a reference may name: sections, and the numbered points of a section without sections of its own ("8.1")."""
    _, *parts = SECTION.split(specification)
    text_of = dict(zip(parts[::2], parts[1::2], strict=True))
    plain = [number for number in text_of if not any(other.startswith(f"{number}.") for other in text_of)]
    return {*text_of, *(f"{number}.{item}" for number in plain for item in ITEM.findall(text_of[number]))}


def test_references_are_found_in_each_of_their_forms():
    text = "(spec 3.4, step 5; spec 1.1, 1.2) after spec 4 and 5. A spec of 12 pages, special 7, spec 9."
    assert references(text) == {"3.4", "1.1", "1.2", "4", "5", "9"}


def test_a_place_is_a_section_or_a_point_of_one():
    assert places("# T\n## 1. A\n1. x\n## 2. B\n### 2.1 C\n2. y\n") == {"1", "1.1", "2", "2.1", "2.1.2"}


def test_every_reference_to_the_specification_leads_to_a_section():
    known = places(SPECIFICATION.read_text("utf-8"))
    found: dict[str, list[str]] = {}
    for path in (p for name in CODE_FOLDERS for kind in ("*.py", "*.toml") for p in (ROOT / name).rglob(kind)):
        if path != Path(__file__).resolve():
            for number in references(path.read_text("utf-8")):
                found.setdefault(number, []).append(str(path.relative_to(ROOT)))
    assert len(found) > 20  # else nothing was looked at
    assert {number: files for number, files in found.items() if number not in known} == {}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(page):
    links = [link for link in LINK.findall(INLINE_CODE.sub("", page.read_text("utf-8"))) if "://" not in link]
    assert [link for link in links if not (page.parent / link).exists()] == []
    assert [link for link in links if not (page.parent / link).resolve().is_relative_to(ROOT)] == []


def test_every_decision_is_in_the_index_under_its_number_and_title():
    folder = ROOT / "docs" / "decisions"
    listed = re.findall(
        r"^(\d+)\. \[(.+)\]\((\d{4})(-[a-z0-9-]+\.md)\)$", (folder / "README.md").read_text("utf-8"), re.M
    )
    assert [(int(number), int(digits)) for number, _, digits, _ in listed] == [
        (n, n) for n in range(1, len(listed) + 1)
    ]
    assert {digits + name for _, _, digits, name in listed} == {path.name for path in folder.glob("0*.md")}
    for number, title, digits, name in listed:
        text = (folder / (digits + name)).read_text("utf-8")
        assert text.startswith(f"# {number}. {title}\n")
        assert all(f"\n**{part}.** " in text for part in ("Context", "Decision", "Consequences"))
