"""What a person changed in a sentence is found word by word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.errors import BadInputError
from tasks.review.changes import changes_of

SENTENCE = "Princess Ozma, who had been there before, smiled."


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (SENTENCE, []),
        (f"  {SENTENCE.replace(' ', '  ')} ", []),
        (SENTENCE.replace("Ozma", "OZ-mah"), [("Ozma", "OZ-mah")]),
        (
            SENTENCE.replace("had been", "was").replace("smiled", "laughed"),
            [("had been", "was"), ("smiled", "laughed")],
        ),
        (SENTENCE.replace("who", "who, they say,"), [("who", "who, they say,")]),
        (SENTENCE.replace(" before", ""), [("there before", "there")]),
        (f"Well, {SENTENCE}", [("Princess", "Well, Princess")]),
        (SENTENCE.replace("Princess ", ""), [("Princess Ozma", "Ozma")]),
        (SENTENCE.replace(",", "", 1), [("Ozma,", "Ozma")]),
        ("No.", [(SENTENCE[:-1], "No")]),
        (SENTENCE.replace("who", "who _"), [("who", "who _")]),
    ],
)
def test_changed_words_are_found_with_what_is_said_instead(wanted, found):
    changes = changes_of(SENTENCE, wanted)
    assert [(change.written, change.said) for change in changes] == found
    assert all(SENTENCE[change.start : change.end] == change.written for change in changes)


def test_signs_around_a_changed_word_stay_as_they_are():
    (change,) = changes_of("(“Ozma,” she said.)", "(“OZ-mah,” she said.)")
    assert (change.start, change.end, change.written, change.said) == (2, 6, "Ozma", "OZ-mah")


def test_in_a_long_sentence_as_little_is_changed_as_in_a_short_one():
    words = [f"w{number}" for number in range(200)]
    words[100:100] = ["one", *["la"] * 5, "two"]
    wanted = " ".join(words).replace("one", "eins").replace("two", "zwei")
    changes = changes_of(" ".join(words), wanted)
    assert [(change.written, change.said) for change in changes] == [("one", "eins"), ("two", "zwei")]


def test_a_sentence_of_a_sign_alone_is_said_in_words():
    assert [(change.written, change.said) for change in changes_of("&", "and")] == [("&", "and")]


@pytest.mark.parametrize("wanted", ["", "  ", "...", "—"])
def test_a_sentence_without_a_word_is_refused(wanted):
    with pytest.raises(BadInputError, match="write at least one word"):
        changes_of(SENTENCE, wanted)


words = st.lists(st.sampled_from(["one", "two", "three,", "—", '"four."', "five"]), min_size=1, max_size=8)


@given(words, words)
def test_the_changes_make_the_wanted_sentence_of_the_old_one(old, new):
    sentence = " ".join(["Begin", *old])
    wanted = " ".join(["Begin", *new])
    at = 0
    made = ""
    for change in changes_of(sentence, wanted):
        assert at <= change.start < change.end
        assert any(map(str.isalnum, change.written)) and any(map(str.isalnum, change.said))
        made += sentence[at : change.start] + change.said
        at = change.end
    assert made + sentence[at:] == wanted
