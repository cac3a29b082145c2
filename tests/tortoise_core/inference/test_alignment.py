"""Words are found where a recording has room for them: equal phones in a row need a step between them."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from tortoise_core.inference.alignment import WordAligner
from tortoise_core.text.phonemes import VOCABULARY


def aligner(steps):
    """Who hears anything equally well, in so many steps."""
    blank = len(VOCABULARY)
    heard = torch.zeros(1, steps, blank + 1).log_softmax(-1)
    hearer = SimpleNamespace(
        sample_rate=24_000,
        silent=frozenset(),
        device=torch.device("cpu"),
        blank=blank,
        step_s=0.01,
        log_probabilities=lambda audio: heard,
    )
    return WordAligner(hearer)


@pytest.mark.parametrize(("text", "least"), [("A lamp.", 5), ("Less sun.", 7)])  # the sound of S twice in a row
def test_a_recording_that_is_too_short_for_its_text_has_no_words(text, least):
    audio = np.zeros(240, np.float32)
    assert aligner(least - 1).align(audio, text) is None
    found = aligner(least).align(audio, text)
    assert [text[word.start : word.end].strip(".") for word in found] == text.strip(".").split()


def hears(places, steps, silent=frozenset()):
    """An aligner that hears phones, each surely in its steps: [(phone, first, last)], and nothing in the others."""
    blank = len(VOCABULARY)
    heard = torch.full((1, steps, blank + 1), -9.0)
    heard[0, :, blank] = 0.0
    for phone, first, last in places:
        heard[0, first : last + 1, blank] = -9.0
        heard[0, first : last + 1, VOCABULARY.index(phone)] = 0.0
    found = heard.log_softmax(-1)
    made = aligner(steps)
    made.hearer.silent = frozenset(VOCABULARY.index(phone) for phone in silent)
    made.hearer.log_probabilities = lambda audio: found
    return made, float(found[0, places[0][1], VOCABULARY.index(places[0][0])].exp())


def test_a_word_is_from_where_its_first_phone_begins_to_where_its_last_ends():
    places = [("AH0", 2, 2), ("L", 5, 6), ("AE1", 8, 8), ("M", 9, 9), ("P", 11, 13)]
    made, sure = hears(places, 20)
    article, lamp = made.align(np.zeros(240, np.float32), "A lamp.")
    assert (article.start, article.end, article.phones) == (0, 1, 1)
    assert (article.first_s, article.last_s) == pytest.approx((0.02, 0.03))
    assert (lamp.start, lamp.end, lamp.phones) == (2, 6, 4)
    assert (lamp.first_s, lamp.last_s) == pytest.approx((0.05, 0.14))
    assert lamp.probability == pytest.approx(sure, rel=1e-3)


def test_a_phone_that_is_hardly_heard_makes_its_word_less_probable():
    made, sure = hears([("AH0", 2, 2), ("L", 5, 6), ("AE1", 8, 8), ("M", 9, 9)], 20)  # and no P
    lamp = made.align(np.zeros(240, np.float32), "A lamp.")[1]
    assert lamp.probability == pytest.approx(0.75 * sure, rel=0.01)


def test_words_of_a_number_are_one_and_silent_words_are_none():
    sounds = ["F", "AO1", "R", "T", "IY0", "F", "AY1", "V"]
    made, _ = hears([(sound, 2 * n + 1, 2 * n + 1) for n, sound in enumerate(sounds)], 20)
    (number,) = made.align(np.zeros(240, np.float32), "45")
    assert (number.start, number.end, number.phones) == (0, 2, 8)
    made, _ = hears([("L", 5, 6), ("AE1", 8, 8), ("M", 9, 9), ("P", 11, 13)], 20, silent={"AH0"})
    assert [word.start for word in made.align(np.zeros(240, np.float32), "A lamp.")] == [2]
    assert made.align(np.zeros(240, np.float32), "...") == []
