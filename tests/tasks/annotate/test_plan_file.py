"""The plan file: what it may change, how the ledger accounts for it, and what mistakes in it are told as."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from storage.records import Skip
from tasks.annotate.plan_file import Correction, PlanFile, PlannedChapter, apply_plan, read_plan, write_plan
from tasks.errors import BadInputError
from tasks.segment import ledger
from tasks.segment.script import write_script
from tests.tasks.books import make_book, segment_settings, token_count

CHAPTERS = (["# One", "Teh lamp was lit, and teh night fell."], ["# Two", "It was dark."], ["# Three", "The end came."])


@pytest.fixture
def book():
    return replace(make_book(*CHAPTERS), skipped=(Skip("1", "note-reference", 1),))


@pytest.fixture
def planned(tmp_path):
    def read(text):
        path = tmp_path / "plan.toml"
        path.write_text(text, "utf-8")
        return read_plan(path)

    return read


def texts(book):
    return [(chapter.title, [block.text for block in chapter.blocks]) for chapter in book.chapters]


def test_a_plan_as_written_changes_nothing(book, planned):
    odd = replace(book, chapters=(replace(book.chapters[0], title='A "quoted" \\ title\x7f'), *book.chapters[1:]))
    assert apply_plan(odd, planned(write_plan(odd, ["Teh lamp\nwas", "", "x"]))) == odd


def test_chapters_are_renamed_dropped_and_reordered(book, planned, settings):
    plan = planned(
        "[[chapter]]\nnumber = 3\ntitle = 'Last'\n[[chapter]]\nnumber = 2\n[[chapter]]\nnumber=1\nread=false"
    )
    changed = apply_plan(book, plan)
    assert texts(changed) == [("Last", ["Three", "The end came."]), ("Chapter 2", ["Two", "It was dark."])]
    assert [chapter.index for chapter in changed.chapters] == [0, 1]
    assert changed.skipped == (
        Skip("1", "note-reference", 1),
        Skip("One", "plan-dropped"),
        Skip("Teh lamp was lit, and teh night fell.", "plan-dropped"),
    )
    ledger.check(changed, write_script(changed, settings, token_count, 200))


def test_text_is_corrected_and_accounted_for(book, planned, settings):
    rest = "[[chapter]]\nnumber = 1\n[[chapter]]\nnumber = 2\n[[correction]]\nfind = 'teh'\nreplace = 'the'\n"
    plan = planned(rest + "[[correction]]\nchapter = 2\nfind = 'It  was dark.'\nreplace = ''\n")
    changed = apply_plan(book, plan)
    assert texts(changed) == [("Chapter 1", ["One", "Teh lamp was lit, and the night fell."]), ("Chapter 2", ["Two"])]
    rules = [(skip.text, skip.rule) for skip in changed.skipped if skip.rule == "plan-corrected"]
    assert rules == [("teh", "plan-corrected"), ("It was dark.", "plan-corrected")]
    ledger.check(changed, write_script(changed, settings, token_count, 200))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[chapter]]\nnumber = 9", "plan.toml, line 1: there is no chapter 9: the book has 3"),
        ("[[chapter]]\nnumber = 1\n\n[[chapter]]\nnumber = 1", "line 4: chapter 1 is named twice"),
        ("[[chapter]]\nnumber = 1\nread = false", "every chapter is dropped"),
        ("[[chapter]]\nnumber = 1\n[[correction]]\nfind = 'lamb'\nreplace = ''", "line 3: 'lamb' is not in the text"),
        ("book = 'abc'\n[[chapter]]\nnumber = 1", "was written for another book"),
        ("[[chapter]]\nnumber = 'one'", "line 1: number = 'one' must be a whole number"),
        ("[[chapter]]\nnumber = true", "line 1: number = True must be a whole number"),
        ("[[chapter]]\ntitle = 'One'", "line 1: number is missing"),
        ("[[chapter]]\nnumber = 1\nname = 'One'", "line 1: 'name' is unknown: use number, title, read"),
        ("[[correction]]\nfind = ' '\nreplace = ''", "find is empty"),
        ("chapter = [1]", "write each chapter as a table [[chapter]]"),
        ("chapters = 1", "'chapters' is unknown"),
        ("", "names no chapter"),
        ("[[chapter]\n", "cannot be read"),
    ],
)
def test_mistakes_name_their_line(book, planned, text, message):
    with pytest.raises(BadInputError, match=re.escape(message)):
        apply_plan(book, planned(text))


_WORDS = st.lists(st.sampled_from(["teh", "lamp", "was", "12", "lit.", "“Hi”", "♥"]), min_size=1, max_size=8).map(
    " ".join
)


@hypothesis_settings(max_examples=100, deadline=None)
@given(
    st.lists(st.lists(_WORDS, min_size=1, max_size=3), min_size=1, max_size=4),
    st.data(),
)
def test_every_character_is_accounted_for(chapters, data):
    book = make_book(*chapters)
    order = data.draw(st.permutations(range(len(chapters))))
    read = data.draw(st.lists(st.booleans(), min_size=len(order), max_size=len(order)).filter(any))
    rows = tuple(PlannedChapter(index, "", wanted, 1) for index, wanted in zip(order, read, strict=True))
    finds = [word for word in ("teh", "lamp was", "lit.") if any(word in t for texts in chapters for t in texts)]
    corrections = tuple(Correction(find, data.draw(st.sampled_from(["", "the", "a b"])), None, 1) for find in finds[:1])
    changed = apply_plan(book, PlanFile("p", "", rows, corrections))
    script = write_script(changed, segment_settings(), token_count, 200)
    source = sum(len("".join(text.split())) for texts in chapters for text in texts)
    times = sum(skip.rule == "plan-corrected" for skip in changed.skipped)
    added = times * len("".join(corrections[0].replacement.split())) if corrections else 0
    assert script.coverage.source_chars == source + added
    assert script.coverage.unaccounted_chars == 0
