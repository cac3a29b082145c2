"""Words that a line's end has cut: whose hyphen goes and whose stays."""

from __future__ import annotations

import pytest

from tasks.ingest.plain.hyphens import Rejoiner


@pytest.mark.parametrize(
    ("lines", "joined"),
    [
        (("that is one-to-", "one in the long run"), "that is one-to-one in the long run"),
        (("the mother-in-", "law of the king"), "the mother-in-law of the king"),
        (("a jack-of-all-", "trades in the hall"), "a jack-of-all-trades in the hall"),
        (("he lived from hand-to-", "mouth"), "he lived from hand-to-mouth"),
        (("a man of up-to-", "date opinions"), "a man of up-to-date opinions"),
        (("a matter-of-", "fact voice"), "a matter-of-fact voice"),
        (("a mother-in-", "law, and a sister-in-", "law"), "a mother-in-law, and a sister-in-law"),
        (("nothing self-", "contradictory"), "nothing self-contradictory"),
        (("a quite self-con-", "tradictory tale"), "a quite self-contradictory tale"),
        (("a well-main-", "tained road"), "a well-maintained road"),
        (("the nega-", "tive of it"), "the negative of it"),
        (("the well-", "known name"), "the well-known name"),
        (("an Anglo-", "Saxon king"), "an Anglo-Saxon king"),
    ],
)
def test_a_hyphen_stays_between_words_and_goes_inside_of_one(lines, joined):
    assert Rejoiner("").join(lines)[0] == joined


@pytest.mark.parametrize(
    ("text", "lines", "joined", "removed"),
    [
        ("", ("a", "b", "c"), "a b c", ""),
        ("", ("the nega‐", "tive of it"), "the negative of it", "‐"),
        ("a zorblax came", ("a zor-", "blax"), "a zorblax", "-"),  # the book's own words come first
        ("a nega-tive came", ("a nega-", "tive"), "a nega-tive", ""),
        ("a NEGA‐TIVE came", ("a nega-", "tive"), "a nega-tive", ""),
        ("the Wellknown", ("the well-", "known"), "the wellknown", "-"),
        ("", ("the nega-", "Tive"), "the nega-Tive", ""),
        ("", ("the nega-", "- tive"), "the nega- - tive", ""),
        ("", ("it was -", "tive"), "it was - tive", ""),
        ("", ("1-", "2"), "1- 2", ""),
        ("", ("nega-", "tive and nega-", "tive"), "negative and negative", "--"),
        ("", ("zor-", "blax"), "zorblax", "-"),  # neither half is a word
        ("", ("alone",), "alone", ""),
    ],
)
def test_what_is_left_of_a_hyphen_at_a_lines_end(text, lines, joined, removed):
    assert Rejoiner(text).join(lines) == (joined, removed)
