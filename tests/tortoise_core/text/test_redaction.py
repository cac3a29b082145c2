"""Text in brackets is cut out of the audio, and no more than that."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from tortoise_core.text.redaction import UNMATCHED, max_alignment, redact, unredacted_text

SHORT = st.text("abc ", max_size=12)


def is_subsequence(part, whole):
    remaining = iter(whole)
    return all(character in remaining for character in part)


def longest_common(first, second):
    """The definition, without memory: for short strings only."""
    if not first or not second:
        return 0
    if first[0] == second[0]:
        return 1 + longest_common(first[1:], second[1:])
    return max(longest_common(first[1:], second), longest_common(first, second[1:]))


@given(SHORT, SHORT)
def test_alignment_is_a_common_subsequence(expected, heard):
    aligned = max_alignment(expected, heard)
    assert len(aligned) == len(expected)
    assert all(got in (character, UNMATCHED) for got, character in zip(aligned, expected, strict=True))
    assert is_subsequence(aligned.replace(UNMATCHED, ""), heard)


@given(st.text("ab", max_size=7), st.text("ab", max_size=7))
def test_alignment_is_a_longest_one(expected, heard):
    assert len(max_alignment(expected, heard).replace(UNMATCHED, "")) == longest_common(expected, heard)


def test_kept_ranges():
    assert unredacted_text("ab[cd]ef") == ("abcdef", [(0, 1), (4, 5)])
    assert unredacted_text("[all of it]") == ("all of it", [])
    assert unredacted_text("[a]bcd[ef]g[h]") == ("abcdefgh", [(1, 3), (6, 6)])


def test_redact_cuts_what_is_in_brackets():
    audio = torch.arange(60)[None]
    kept = redact(audio, "abc[d]ef", lambda _audio, text: [10 * index for index in range(len(text))])
    assert kept[0].tolist() == [*range(20), *range(40, 50)]


def test_redact_asks_nobody_without_brackets():
    def align(_audio, _text):
        raise AssertionError("there is nothing to align")

    audio = torch.arange(5)[None]
    assert redact(audio, "abc", align) is audio


def test_everything_redacted_leaves_no_samples():
    assert redact(torch.zeros(1, 9), "[abc]", lambda _audio, _text: [0, 3, 6]).shape == (1, 0)
