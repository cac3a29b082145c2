"""How doubts on words become the score of a take, and what counts as misheard."""

import numpy as np
import pytest

from storage.hearing import HeardWord, HowHeard
from tasks.qa.listeners.listener import MISHEARD, Sound, hearing


def word(doubt):
    return HeardWord(0, 1, HowHeard.SAID, 0.0, 0.1, doubt)


@pytest.mark.parametrize(
    ("doubts", "expected", "score"),
    [
        ([], 4, 1.0),
        ([1.0], 4, 0.75),
        ([0.5, 0.25], 4, 0.8125),
        ([1.0] * 9, 4, 0.0),
        ([0.5], 0, 0.5),
        ([1 / 3], 1, 0.666667),
    ],
)
def test_each_word_that_is_certainly_wrong_costs_its_share(doubts, expected, score):
    made = hearing("ears", [word(doubt) for doubt in doubts], expected)
    assert (made.listener, made.score, [one.doubt for one in made.words]) == ("ears", score, doubts)


def test_all_but_what_was_said_is_misheard():
    assert set(MISHEARD) == set(HowHeard) - {HowHeard.SAID}


def test_a_sound_lasts_its_samples():
    assert Sound(np.zeros(12_000, np.float32), 24_000, "x").seconds == 0.5
