"""What an approval is bound to: texts and takes, each in its place."""

from tasks.review.approval import digests


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
