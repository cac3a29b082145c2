"""Long text becomes chunks at sentence ends, and nothing sayable is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tortoise_core.errors import TextError
from tortoise_core.text.splitter import normalize, split_text

LIMITS = st.tuples(st.integers(1, 40), st.integers(0, 40)).map(lambda pair: (pair[0], sum(pair)))


def letters(text):
    return [character for character in text if character.isalnum()]


@given(st.text(st.sampled_from('ab .!?"\n“”,é')), LIMITS)
def test_nothing_that_can_be_said_is_lost_and_no_chunk_is_too_long(text, limits):
    desired, most = limits
    chunks = split_text(text, desired, most)
    assert [letter for chunk in chunks for letter in letters(chunk)] == letters(text)
    # Inside a quote the published walk takes the closing quote and the space after it along, past the limit.
    assert all(0 < len(chunk) <= most + 2 for chunk in chunks)
    assert all(chunk == chunk.strip() for chunk in chunks)


@given(st.lists(st.sampled_from(["one", "two", "three"]), min_size=1, max_size=60))
def test_words_stay_whole(words):
    chunks = split_text(" ".join(words), 12, 20)
    assert " ".join(chunks).split() == words


def test_splits_at_sentence_ends():
    text = "The first sentence is here. Is the second one, too? Yes! And a third."
    assert split_text(text, 20, 60) == ["The first sentence is here.", "Is the second one, too?", "Yes! And a third."]


@pytest.mark.parametrize("most", [12, 13, 16, 20])
def test_a_chunk_that_is_full_ends_with_its_last_whole_sentence(most):
    assert split_text("One two. Three four five six seven.", 12, most)[0] == "One two."


def test_normalize():
    assert normalize("a\n\n\nb \t c “d”") == 'a b c "d"'


def test_punctuation_alone_is_dropped():
    assert split_text(" ... ?! ;: ") == []


@pytest.mark.parametrize(("desired", "most"), [(0, 10), (20, 10), (-1, -1)])
def test_impossible_lengths(desired, most):
    with pytest.raises(TextError, match="not above the maximum"):
        split_text("a b", desired, most)


@pytest.mark.parametrize(
    ("text", "desired", "most", "chunks"),
    [
        ("a b c.", 6, 9, ["a b c."]),
        ("One?! Two. X", 4, 12, ["One?!", "Two.", "X"]),  # all marks of an end go with it
        ('He "is. So" it. Now x', 5, 40, ['He "is. So" it.', "Now x"]),  # no end inside a quotation
        ('She "said so." Yes it is here', 5, 18, ['She "said so."', "Yes it is here"]),
        ("abcdefghij klm", 4, 8, ["abcd", "efghij", "klm"]),  # a word that is too long is cut at the desired length
        ("ab cd efgh ij", 4, 8, ["ab cd", "efgh ij"]),
        ("v1.2 is. Out now", 5, 40, ["v1.2 is.", "Out now"]),  # a point inside of a word ends nothing
    ],
)
def test_where_chunks_end(text, desired, most, chunks):
    assert split_text(text, desired, most) == chunks


def test_the_published_lengths():
    sentence = "x" * 99 + ". "
    assert [len(chunk) for chunk in split_text(sentence * 3)] == [201, 100]
    assert [len(chunk) for chunk in split_text("y" * 700)] == [200, 200, 200, 100]
    assert split_text("a", 1, 1) == ["a"]
