"""What an approval is bound to: texts and takes, each in its place."""

import hashlib
from datetime import UTC, datetime

import pytest

from storage.records import Decision, DecisionKind
from tasks.review.approval import approved_of, digests


def test_texts_and_takes_are_told_apart_however_they_are_cut():
    rows = [(0, "It rained", "ab"), (0, "all day", "c")]
    for other in (
        [(0, "It rainedall", "ab"), (0, " day", "c")],
        [(0, "It rained", "a"), (0, "all day", "bc")],
        rows[::-1],
        rows[:1],
    ):
        assert digests(other) != digests(rows)
    texts, takes = digests([(0, "It rained", "x"), (0, "all day", "y")])
    assert texts == digests(rows)[0]
    assert takes != digests(rows)[1]


ROWS = [(0, "It rained", "a"), (0, "all day", "b"), (1, "Then", "c")]
CHAPTER = DecisionKind.APPROVE_CHAPTER
BOOK = DecisionKind.APPROVE_BOOK


@pytest.mark.parametrize(
    ("kind", "of", "approved"),
    [
        (CHAPTER, ROWS[:2], {0}),
        (CHAPTER, ROWS[2:], {1}),
        (CHAPTER, ROWS, set()),  # no chapter is as long
        (CHAPTER, [(0, "It rained", "a"), (0, "all day", "another take")], set()),
        (CHAPTER, [(0, "It rained", "a"), (0, "all night", "b")], set()),
        (CHAPTER, [(7, "Then", "c")], {1}),  # it stood elsewhere, and sounds the same
        (BOOK, ROWS, {0, 1}),
        (BOOK, ROWS[2:], set()),
        (DecisionKind.APPROVE, ROWS, set()),
    ],
)
def test_a_chapter_is_approved_by_what_it_sounds_like_now(kind, of, approved):
    texts, takes = digests(of)
    word = Decision(kind, "Ann", datetime(2026, 11, 29, tzinfo=UTC), text=texts, take_key=takes)
    assert approved_of(ROWS, [word]) == approved
    assert approved_of(ROWS, []) == frozenset()


def test_the_order_of_sentences_counts_and_each_of_them():
    rows = [(0, "Yes", "b"), (0, "No", "a"), (0, "Yes", "b")]
    others = [rows[:2], rows[1:], [rows[0], rows[2], rows[1]], sorted(rows)]
    for place in (0, 1):  # texts, takes
        assert digests(rows)[place] not in {digests(other)[place] for other in others}


def test_what_was_approved_stays_approved_when_talepress_is_upgraded():
    """The digests are in databases: written otherwise, every approval of before would be forgotten."""
    texts, takes = digests([(0, "It rained\ud800", "ab"), (7, "all day", "c")])
    assert texts == hashlib.sha256(b"It rained\xed\xa0\x80\0all day").hexdigest()
    assert takes == hashlib.sha256(b"ab\0c").hexdigest()
