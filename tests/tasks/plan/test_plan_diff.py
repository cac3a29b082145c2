"""What an edit changes, told from two plans."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from configs.settings import load_settings
from tasks.plan.plan import plan
from tasks.plan.plan_diff import diff_plans
from tasks.segment.script import write_script
from tests.tasks.books import make_book, token_count

ONE = ["# One", "The first sentence stands here alone.", "Another paragraph follows here."]
TWO = ["# Two", "Something happened to the lamp.", "The very last words of all."]


@pytest.fixture
def planned(settings):
    def make(*chapters, titles=()):
        book = make_book(*chapters)
        named = zip(book.chapters, titles or [c.title for c in book.chapters], strict=True)
        book = replace(book, chapters=tuple(replace(c, title=title) for c, title in named))
        return plan(book, write_script(book, settings, token_count, 200), 0.1, load_settings().stitch)

    return make


def test_equal_plans(planned):
    same = diff_plans(planned(ONE, TWO), planned(ONE, TWO), 0.1)
    assert same["utterances"] == {"added": 0, "removed": 0, "changed": 0, "unchanged": 6}
    assert same["chapters"] == {"added": [], "removed": [], "renamed": [], "changed": [], "reordered": False}
    assert (same["new_seconds"], same["examples"]) == (0.0, [])


def test_a_changed_an_added_and_a_removed_utterance(planned):
    edited = [ONE[0], "The first sentence stands here no more.", ONE[2], "A new ending of the chapter."]
    changes = diff_plans(planned(ONE, TWO), planned(edited, TWO[:2]), 0.1)
    assert changes["utterances"] == {"added": 1, "removed": 1, "changed": 1, "unchanged": 4}
    assert changes["chapters"]["changed"] == [
        {"title": "Chapter 1", "added": 1, "removed": 0, "changed": 1, "seconds": 6.7},
        {"title": "Chapter 2", "added": 0, "removed": 1, "changed": 0, "seconds": 0.0},
    ]
    assert changes["new_seconds"] == 6.7  # 39 and 28 characters
    assert changes["examples"][0] == {"before": ONE[1], "after": edited[1]}


def test_chapters_added_removed_renamed_reordered(planned):
    three = ["# Three", "Nothing like the others at all."]
    before = planned(ONE, TWO, titles=["A", "B"])
    changes = diff_plans(before, planned(TWO, ONE, three, titles=["B", "A", "C"]), 0.1)
    assert (changes["chapters"]["added"], changes["chapters"]["reordered"]) == (["C"], True)
    changes = diff_plans(before, planned(ONE, titles=["A new name"]), 0.1)
    assert changes["chapters"]["renamed"] == [{"title": "A new name", "from": "A"}]
    assert changes["chapters"]["removed"] == ["B"]
    assert changes["utterances"] == {"added": 0, "removed": 3, "changed": 0, "unchanged": 3}


@pytest.mark.parametrize(("kept", "renamed"), [(4, True), (3, True), (1, False)])
def test_a_chapter_of_another_title_is_the_same_where_half_of_the_shorter_one_is_in_both(planned, kept, renamed):
    """A chapter that was cut down, or grew, is the same chapter still."""
    long = ["# One", *(f"Sentence number {n} stands here alone." for n in range(19))]
    short = [*long[:kept], *(f"Another one of {n} came instead." for n in range(6 - kept))]
    for before, after in ((long, short), (short, long)):
        changes = diff_plans(planned(before, titles=["A"]), planned(after, titles=["B"]), 0.1)
        assert bool(changes["chapters"]["renamed"]) is renamed


def test_one_edit_in_a_long_chapter_costs_little():
    def long(word):
        spoken = [{"spoken": f"Line {n}."} for n in range(100_000)]
        spoken[50_000] = {"spoken": word}
        return {"chapters": [{"title": "A", "utterances": spoken}], "forecast_seconds": 1.0, "title": "T"}

    began = time.perf_counter()
    changes = diff_plans(long("a"), long("b"), 0.1)
    assert changes["utterances"] == {"added": 0, "removed": 0, "changed": 1, "unchanged": 99_999}
    assert time.perf_counter() - began < 10


def chapter(title, *spoken):
    return {"title": title, "utterances": [one if isinstance(one, dict) else {"spoken": one} for one in spoken]}


def changes_of(old, new):
    def made(chapters, seconds):
        return {"chapters": chapters, "forecast_seconds": seconds}

    return diff_plans(made(old, 7.5), made(new, 9.5), 0.1)


def test_another_voice_is_another_utterance():
    changes = changes_of([chapter("A", {"spoken": "Hi."})], [chapter("A", {"spoken": "Hi.", "voice": "rms"})])
    assert changes["utterances"] == {"added": 0, "removed": 0, "changed": 1, "unchanged": 0}
    assert (changes["seconds_before"], changes["seconds_after"], changes["new_seconds"]) == (7.5, 9.5, 0.3)
    assert changes["examples"] == [{"before": "Hi.", "after": "Hi."}]


def test_chapters_of_one_title_are_matched_in_their_order():
    old = [chapter("A", "one", "two"), chapter("A", "three"), chapter("A", "gone")]
    changes = changes_of(old, [chapter("A", "one"), chapter("A", "three"), chapter("New", "all of it")])
    assert changes["utterances"] == {"added": 1, "removed": 2, "changed": 0, "unchanged": 2}
    assert changes["chapters"] == {
        "added": ["New"],
        "removed": ["A"],
        "renamed": [],
        "changed": [{"title": "A", "added": 0, "removed": 1, "changed": 0, "seconds": 0.0}],
        "reordered": False,
    }
    assert changes["examples"] == [{"before": "two", "after": ""}] and changes["new_seconds"] == 0.9


def test_a_renamed_chapter_is_the_one_most_like_it_of_equals_the_first():
    old = [chapter("A", "one", "two", "three", "four"), chapter("B", "five")]
    new = [chapter("W", "one", "two", "x", "y"), chapter("X", "one", "two", "three")]
    changes = changes_of(old, [*new, chapter("Y", "five"), chapter("Z", "five")])["chapters"]
    assert changes["renamed"] == [{"title": "X", "from": "A"}, {"title": "Y", "from": "B"}]
    assert (changes["added"], changes["removed"], changes["reordered"]) == (["W", "Z"], [], False)


def test_no_more_than_twenty_examples_are_shown():
    old, new = ([f"{word} {n}" for n in range(length)] for word, length in (("a", 12), ("b", 30)))
    changes = changes_of([chapter("A", *old)], [chapter("A", *new)])
    assert changes["utterances"] == {"added": 18, "removed": 0, "changed": 12, "unchanged": 0}
    assert changes["examples"][11:] == [
        {"before": "a 11", "after": "b 11"},
        *({"before": "", "after": f"b {n}"} for n in range(12, 20)),
    ]
