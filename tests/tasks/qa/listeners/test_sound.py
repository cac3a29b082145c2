"""What sounds the same is the same, however a recogniser writes it; what does not, is not."""

import pytest

from tasks.align.sources import source_words
from tasks.qa.listeners.sound import Comparison, Written


@pytest.fixture(scope="module")
def comparison():
    return Comparison()


def compared(comparison, spoken, written):
    """Doubts on each word of a text, and on each gap."""
    words = [Written(word, n / 2, n / 2 + 0.4) for n, word in enumerate(written.split())]
    opinions = comparison.compare(spoken, source_words(spoken), words)
    return [o.doubt for o in opinions.words], [o.doubt for o in opinions.gaps]


@pytest.mark.parametrize(
    ("spoken", "written"),
    [
        ("Mister Smith paid twelve pounds.", "Mr. Smith paid £12."),
        ("He was born in eighteen ninety-three,", "He was born in 1893"),
        ("One thousand eight hundred and ninety-three soldiers.", "1893 soldiers"),
        ("The twenty-first of March.", "The 21st of March."),
        ("I'll go, and you can't stop me.", "I will go and you cannot stop me."),
        ("They did not know it's ours.", "They didn't know it's ours"),
        ("The colour of the grey centre.", "The color of the gray center."),
        ("Their knight wore two rings.", "There night war too rings."),
        ("Anyone may be a while.", "Any one may be awhile."),
    ],
)
def test_what_sounds_the_same_is_no_error(comparison, spoken, written):
    words, gaps = compared(comparison, spoken, written)
    assert max(words) <= 0.5 and sum(words) <= 0.6 and max(gaps) <= 0.25, (words, gaps)


def test_a_word_that_was_not_written_down_is_doubted_alone(comparison):
    words, gaps = compared(comparison, "The old lantern burned all night.", "The old burned all night.")
    assert words == [0, 0, 1, 0, 0, 0] and max(gaps) == 0


def test_another_number_is_doubted(comparison):
    words, _ = compared(comparison, "There were seven ships.", "There were 12 ships.")
    assert words[2] > 0.5 and words[:2] == [0, 0]


def test_words_that_the_text_does_not_have_are_doubted_where_they_stand(comparison):
    words, gaps = compared(comparison, "He went home.", "He went home and closed the door.")
    assert words == [0, 0, 0] and gaps[-1] == 1 and max(gaps[:-1]) == 0
    _, gaps = compared(comparison, "He went home.", "He quickly went home.")
    assert gaps[1] == 1 and gaps[-1] == 0


def test_nothing_written_down_doubts_every_word(comparison):
    assert compared(comparison, "He went home.", "")[0] == [1, 1, 1]
