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
