"""The plan file: what it may change, how the ledger accounts for it, and what mistakes in it are told as."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from storage.records import Block, BlockKind, Skip
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


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[chapter]]\nnumber = 0", "line 1: there is no chapter 0: the book has 3"),
        ("[[chapter]]\nnumber = 4", "line 1: there is no chapter 4: the book has 3"),
        ("[[chapter]]\nnumber = 1\ntitle = 3", "line 1: title = 3 must be a text in quotation marks"),
        ("[[chapter]]\nnumber = 1\nread = 'no'", "line 1: read = 'no' must be true or false"),
        ("[[chapter]]\nnumber = 1.0", "line 1: number = 1.0 must be a whole number"),
        ("[[chapter]]\nnumber = 1\n[[correction]]\nfind = 'teh'", "line 3: replace is missing"),
        ("[[chapter]]\nnumber = 1\n[[correction]]\nreplace = 'teh'", "line 3: find is missing"),
        ("[[chapter]]\nnumber = 1\n[[correction]]\nfind = 'a'\nreplace = 1", "line 3: replace = 1 must be a text"),
        ("[[chapter]]\nnumber = 1\n[[correction]]\nfind = 1\nreplace = ''", "line 3: find = 1 must be a text"),
        (
            "[[chapter]]\nnumber = 1\n[[correction]]\nchapter = '1'\nfind = 'a'\nreplace = ''",
            "line 3: chapter = '1' must",
        ),
        ("[[chapter]]\nnumber = 1\n[[correction]]\nchapter = 2\nfind = 'teh'\nreplace = ''", "line 3: 'teh' is not in"),
        ("[[chapter]]\nnumber = 1\n[[correction]]\nchapter = 9\nfind = 'teh'\nreplace = ''", "line 3: 'teh' is not in"),
        ("[[chapter]]\nnumber = 1\n[[correction]]\nat = 1\nfind = 'a'\nreplace = ''", "use chapter, find, replace"),
        ("correction = [1]\n[[chapter]]\nnumber = 1", "write each correction as a table [[correction]]"),
    ],
)
def test_more_mistakes_name_their_line(book, planned, text, message):
    with pytest.raises(BadInputError, match=re.escape(message)):
        apply_plan(book, planned(text))


def test_a_plan_is_of_its_book_and_of_any_where_it_names_none(book, planned):
    for line in (f"book = '{book.source_sha256}'", ""):
        assert apply_plan(book, planned(f"{line}\n[[chapter]]\nnumber = 2")).chapters[0].title == "Chapter 2"


def test_a_file_that_an_editor_began_with_its_mark_is_read_and_one_that_is_gone_is_told(book, tmp_path):
    (tmp_path / "a.toml").write_text("\ufeff[[chapter]]\nnumber = 1\ntitle = '  '\n", "utf-8")
    assert apply_plan(book, read_plan(tmp_path / "a.toml")).chapters[0].title == "Chapter 1"
    with pytest.raises(BadInputError, match=r"^plan .*b\.toml cannot be read: .*No such file"):
        read_plan(tmp_path / "b.toml")
    (tmp_path / "c.toml").write_bytes(b"\xff")
    with pytest.raises(BadInputError, match=r"^plan .*c\.toml cannot be read: "):
        read_plan(tmp_path / "c.toml")


def test_a_correction_finds_its_words_over_line_ends_and_leaves_signs_as_they_are(planned):
    chapters = make_book(["It was dark.\nIt wasxdark. (It was)", "was dark"], ["was dark."])
    plan = "[[chapter]]\nnumber = 1\n[[chapter]]\nnumber = 2\n[[correction]]\nfind = 'was dark.'\nreplace = ' is  so. '"
    changed = apply_plan(chapters, planned(plan))
    assert [[b.text for b in chapter.blocks] for chapter in changed.chapters] == [
        ["It is so.\nIt wasxdark. (It was)", "was dark"],
        ["is so."],
    ]
    assert [(skip.text, skip.chapter_index) for skip in changed.skipped] == [("was dark.", 0), ("was dark.", 1)]


def test_earlier_skips_go_with_their_chapters(book, planned):
    skips = (Skip("a", "index", 0), Skip("b", "index", 1), Skip("c", "index", 2), Skip("d", "index"))
    plan = planned("[[chapter]]\nnumber = 3\n[[chapter]]\nnumber = 1\n[[chapter]]\nnumber = 2\nread = false")
    changed = apply_plan(replace(book, skipped=skips), plan)
    assert [skip.chapter_index for skip in changed.skipped[:4]] == [1, None, 0, None]


def test_what_is_corrected_or_dropped_says_where_it_stood_whatever_the_order(planned):
    chapters = [[Block(BlockKind.PARAGRAPH, f"It was {word}.", f"{word}.xhtml")] for word in ("dark", "late", "cold")]
    plan = "[[chapter]]\nnumber = 3\n[[chapter]]\nnumber = 1\ntitle = ' Dark '\n"
    changed = apply_plan(make_book(*chapters), planned(f"{plan}[[correction]]\nfind = 'was'\nreplace = 'is'"))
    assert texts(changed) == [("Chapter 3", ["It is cold."]), ("Dark", ["It is dark."])]
    assert changed.skipped == (
        Skip("was", "plan-corrected", 1, "dark.xhtml"),
        Skip("was", "plan-corrected", None, "late.xhtml"),
        Skip("was", "plan-corrected", 0, "cold.xhtml"),
        Skip("It is late.", "plan-dropped", None, "late.xhtml"),
    )
