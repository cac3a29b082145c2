"""The registry of skip rules: every name once, in plain words, and a plain text in every record."""

from __future__ import annotations

import json
import pickle
import re
from pathlib import Path

import pytest

import tasks
from storage.records import Skip
from tasks.errors import BadInputError
from tasks.ingest.book import read_book
from tasks.ingest.skips import Basis, SkipRule, require_known

SOURCES = [
    file
    for folder in ("ingest", "annotate", "segment", "plan")
    for file in sorted((Path(tasks.__file__).parent / folder).rglob("*.py"))
    if file.name != "skips.py"
]


def test_every_rule_says_what_it_leaves_out():
    for rule in SkipRule:
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", rule), rule
        assert rule.what and not rule.what.endswith("."), rule


def test_every_rule_is_used_and_none_is_spelled_out_elsewhere():
    code = {file: file.read_text("utf-8") for file in SOURCES}
    unused = [rule.name for rule in SkipRule if not any(f"SkipRule.{rule.name}" in text for text in code.values())]
    assert unused == []
    names = [rule.value for rule in SkipRule if "-" in rule]  # the others are words of their own
    spelled = [
        (file.name, name)
        for file, text in code.items()
        for name in names
        if f'"{name}"' in text and file.name != "unread.py"  # whose tables hold names of EPUB's and of CSS classes
    ]
    assert spelled == []


def test_a_rule_is_its_name_in_records_and_files():
    skip = Skip("x", SkipRule.TITLE_PAGE)
    assert skip == Skip("x", "title-page") and f"{skip.rule}" == "title-page"
    assert json.dumps(skip.rule) == '"title-page"'
    assert pickle.loads(pickle.dumps(skip)) == skip


@pytest.mark.parametrize(
    ("name", "hint"), [("titlepage", "did you mean 'title-page'"), ("wxyz", "known are advertisement, bibliography")]
)
def test_a_misspelt_rule_in_also_read_is_an_error_with_a_hint(name, hint, tmp_path, settings):
    (tmp_path / "b.txt").write_text("Some text.", "utf-8")
    with pytest.raises(BadInputError, match=f"ingest.also_read names '{name}'.*{hint}"):
        read_book(tmp_path / "b.txt", settings.model_copy(update={"also_read": ("index", name)}))


def test_every_known_rule_may_be_named_in_also_read():
    require_known(rule.value for rule in SkipRule)


@pytest.mark.parametrize("kind", ["txt", "html"])
def test_the_lines_that_begin_and_end_a_gutenberg_book_are_not_read(tmp_path, settings, kind):
    begin = "*** START OF THE PROJECT GUTENBERG EBOOK THE LAMP ***"
    end = "*** END OF THE PROJECT GUTENBERG EBOOK THE LAMP ***"
    blocks = ["A word before.", begin, "It was lit.", "The door stood open.", end, "A word after."]
    path = tmp_path / f"lamp.{kind}"
    path.write_text("\n\n".join(blocks if kind == "txt" else (f"<p>{block}</p>" for block in blocks)))
    book = read_book(path, settings)
    read = [block.text for chapter in book.chapters for block in chapter.blocks]
    assert read == ["It was lit.", "The door stood open."]
    skipped = [skip.text for skip in book.skipped if skip.rule == SkipRule.GUTENBERG_BOILERPLATE]
    assert skipped == ["A word before.", begin, end, "A word after."]


def test_every_rule_says_what_it_rests_on():
    guessed = {rule for rule in SkipRule if rule.basis is Basis.GUESSED}
    assert guessed == {
        "transcriber-note",
        "page-number",
        "pull-quote",
        "line-end-hyphen",
        "heading-rule",
        "list-mark",
        "emphasis-mark",
        "scene-break",
    }
    assert {rule.basis for rule in SkipRule} == set(Basis)
    assert SkipRule.COVER_PAGE.basis is Basis.EITHER and SkipRule.MARKUP.basis is Basis.SAID
