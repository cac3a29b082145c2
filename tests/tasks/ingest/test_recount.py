"""The count of characters is exact: one lost, one doubled, one of another kind stops the book."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from storage.records import Block, BlockKind, Skip
from tasks.errors import CoverageError
from tasks.ingest.events import Anchor
from tasks.ingest.recount import require_equal, require_same_letters, require_whole


def events(*texts):
    return [Block(BlockKind.PARAGRAPH, texts[0]), Anchor("abc"), *(Skip(text, "index") for text in texts[1:])]


@pytest.mark.parametrize("texts", [("a bc",), ("a", "cb"), ("abc\n",), ("c", "b", "a")])
def test_each_character_is_in_one_event_whatever_its_blanks(texts):
    require_whole("a b\tc", events(*texts), "b.txt")


@pytest.mark.parametrize(
    ("texts", "counts"),
    [
        (("ab",), "1 characters lost and 0 doubled while reading ('c' / '')"),
        (("abc", "b"), "0 characters lost and 1 doubled while reading ('' / 'b')"),
        (("abd",), "1 characters lost and 1 doubled while reading ('c' / 'd')"),
        (("abC",), "1 characters lost and 1 doubled"),
        (("ab\u00ad",), "1 characters lost and 1 doubled"),
    ],
)
def test_what_is_lost_or_doubled_is_named_with_the_file(texts, counts):
    with pytest.raises(CoverageError, match=re.escape(f"b.txt: {counts}")):
        require_whole("abc", events(*texts), "b.txt")


def test_not_more_is_shown_than_tells_the_place():
    lost = "".join(map(chr, range(0x61, 0x61 + 25)))
    with pytest.raises(
        CoverageError, match=re.escape(f"25 characters lost and 0 doubled while reading ({lost[:20]!r}")
    ):
        require_equal(Counter(lost), Counter(), "x")


@pytest.mark.parametrize("texts", [["ﬁné²½"], ["fi", "ne\u030121\u20442"], ["f i n e \u0301 2 1\u20442"]])
def test_letters_are_the_same_as_their_parts(texts):
    require_same_letters("fin\u00e9\u00b21\u20442", texts, "x")


@pytest.mark.parametrize(("one", "other"), [("a-b", "a−b"), ("a–b", "a-b")])
def test_hyphens_of_formulas_are_alike(one, other):
    require_same_letters(one, [other], "x")
    with pytest.raises(CoverageError):
        require_same_letters(one, [other.replace("b", "")], "x")
