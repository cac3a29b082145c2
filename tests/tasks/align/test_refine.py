"""Word times move to where the sound begins and ends."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.align.refine import Heard, refine

RATE = 24_000


def bursts(*spans: tuple[float, float], seconds: float) -> np.ndarray:
    """Noise at full level in the spans, faint noise elsewhere."""
    rng = np.random.default_rng(3)
    audio = rng.normal(0, 1e-4, round(seconds * RATE))
    for start, end in spans:
        audio[round(start * RATE) : round(end * RATE)] += rng.normal(0, 0.1, round(end * RATE) - round(start * RATE))
    return audio.astype(np.float32)


def seconds(places: list[tuple[int, int]]) -> list[tuple[float, float]]:
    return [(round(start / RATE, 2), round(end / RATE, 2)) for start, end in places]


def test_a_pause_between_two_words_ends_the_first_and_starts_the_second():
    audio = bursts((0.20, 0.70), (1.00, 1.50), seconds=1.8)
    found = refine(audio, RATE, [Heard(0.26, 0.5), Heard(1.05, 1.4)])
    assert seconds(found) == [(0.2, 0.7), (1.0, 1.5)]


def test_without_a_pause_a_word_starts_a_little_before_it_is_heard_and_ends_the_one_before():
    audio = bursts((0.10, 1.50), seconds=1.6)
    found = refine(audio, RATE, [Heard(0.16, 0.6), Heard(0.83, 1.4)])
    assert seconds(found) == [(0.1, 0.79), (0.79, 1.5)]


def test_a_short_closure_is_no_pause():
    audio = bursts((0.10, 0.70), (0.74, 1.50), seconds=1.6)
    found = refine(audio, RATE, [Heard(0.16, 0.5), Heard(0.79, 1.4)])
    assert seconds(found)[1][0] == 0.75


def test_silence_alone_still_gives_every_word_a_place():
    found = refine(np.zeros(RATE, np.float32), RATE, [Heard(0.1, 0.2), Heard(0.3, 0.4)])
    assert all(start < end for start, end in found)


@given(
    st.lists(st.floats(0, 3), min_size=1, max_size=30).map(sorted),
    st.integers(min_value=RATE // 10, max_value=3 * RATE),
)
def test_words_are_in_order_inside_the_recording_and_never_empty(at, samples):
    audio = np.random.default_rng(0).normal(0, 0.1, samples)
    found = refine(audio, RATE, [Heard(place, place + 0.01) for place in at])
    ends = [0, *(end for _, end in found)]
    assert all(before <= start < end <= samples for before, (start, end) in zip(ends, found, strict=False))


@pytest.mark.parametrize(
    ("level", "gap_s", "starts_s"),
    [(1e-4, 0.06, 0.76), (1e-4, 0.05, 0.813), (0.1 * 10 ** (-43 / 20), 0.1, 0.8), (0.1 * 10 ** (-37 / 20), 0.1, 0.813)],
)
def test_what_is_a_pause(level, gap_s, starts_s):
    """Sixty milliseconds at least, forty decibels below the loud parts; else a word is heard 37 ms after it begins."""
    audio = np.tile(np.array([1, -1]), RATE).astype(np.float32)[: round(1.5 * RATE)] * np.float32(0.1)
    audio[round(0.7 * RATE) : round((0.7 + gap_s) * RATE)] *= level / 0.1
    (_, ends), (starts, last) = refine(audio, RATE, [Heard(0.1, 0.5), Heard(0.85, 1.4)])
    assert starts == round(starts_s * RATE) and ends == (starts if starts_s == 0.813 else round(0.7 * RATE))
    assert last == round(1.5 * RATE)


def test_the_longest_of_two_pauses_parts_the_words_and_nothing_gives_nothing():
    audio = bursts((0.0, 0.3), (0.4, 0.5), (0.8, 1.0), seconds=1.2)
    assert seconds(refine(audio, RATE, [Heard(0.1, 0.2), Heard(0.9, 0.95)])) == [(0, 0.5), (0.8, 1.0)]
    assert seconds(refine(audio, RATE, [Heard(0.1, 0.2), Heard(0.9, 1.1)]))[1] == (0.8, 1.1)  # heard longer than loud
    assert refine(audio, RATE, []) == []


def test_words_at_the_end_have_a_sample_each():
    audio = np.ones(4, np.float32)
    assert refine(audio, RATE, [Heard(9.0, 9.0)] * 4) == [(0, 1), (1, 2), (2, 3), (3, 4)]


def test_places_are_whole_samples():
    found = refine(bursts((0.2, 0.7), seconds=1.0), RATE, [Heard(0.211111, 0.3), Heard(0.444444, 0.6)])
    assert {type(place) for word in found for place in word} == {int}


@pytest.mark.parametrize(("lag", "start"), [(0.5, 0.463), (0.03, 0.0)])
def test_a_word_is_heard_37_ms_after_it_begins_and_begins_no_earlier_than_the_one_before(lag, start):
    audio = np.ones(RATE, np.float32)
    (_, first), (second, _) = refine(audio, RATE, [Heard(0.0, 0.01), Heard(lag, 0.9)])
    assert (first, second) == (max(round(start * RATE), 1), max(round(start * RATE), 1))
