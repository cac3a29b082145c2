"""Times of spoken words become times of the source's words."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.records import WordTime
from tasks.align.sources import source_times, source_words
from tasks.align.words import estimated

WORDS = st.lists(
    st.sampled_from(["a", "the", "6:45", "Dr.", "fox", "—", "“Oh!”", "1897", "well-known", "…"]), min_size=1
)


def timed(spoken: str) -> tuple[WordTime, ...]:
    """A hundred samples for each spoken word, twenty between two."""
    times = []
    at = 0
    for word in spoken.split():
        times.append(WordTime(at, at + len(word), len(times) * 120, len(times) * 120 + 100))
        at += len(word) + 1
    return tuple(times)


def of(text: str, spoken: str) -> dict[str, tuple[int, int]]:
    times = source_times(text, spoken, timed(spoken))
    return {text[time.start : time.end]: (time.start_sample, time.end_sample) for time in times}


def test_a_word_that_is_spoken_as_it_stands_has_its_own_time():
    assert of("The fox ran.", "The fox ran.") == {"The": (0, 100), "fox": (120, 220), "ran.": (240, 340)}


def test_a_number_has_the_time_of_all_its_words():
    found = of("At 6:45 he left", "At six forty five he left")
    assert found["6:45"] == (120, 460) and found["he"] == (480, 580)


def test_words_that_became_others_together_share_their_time_by_length():
    found = of("on Jan. 3rd we", "on January third we")
    assert found["on"] == (0, 100) and found["we"] == (360, 460)
    assert (found["Jan."] == (120, 230) and found["3rd"] == (230, 340)) or found["3rd"][1] == 340


def test_a_word_that_nothing_is_spoken_for_is_timed_with_its_neighbour():
    found = of("one two 7 three", "one two three")
    assert list(found) == ["one", "two", "7", "three"] and found["three"] == (240, 340)
    assert found["two"][1] == found["7"][0] and found["7"][1] == 220


def test_words_that_only_the_reading_has_belong_to_the_word_before():
    assert of("it cost $5", "it cost five dollars")["$5"] == (240, 460)
    assert of("Stop", "Please do stop")["Stop"] == (0, 340)


@given(WORDS, WORDS)
def test_every_source_word_is_timed_once_in_order_and_inside_the_utterance(source, said):
    text = " ".join(source)
    spoken = " ".join(said)
    times = source_times(text, spoken, estimated(spoken, 48_000))
    if times:
        assert [(time.start, time.end) for time in times] == source_words(text)
    places = [place for time in times for place in (time.start_sample, time.end_sample)]
    assert places == sorted(places) and all(0 <= place <= 48_000 for place in places)


@pytest.mark.parametrize(
    ("text", "spoken", "estimated"),
    [
        ("THE Fox ran.", "the fox ran", [False] * 3),  # whatever their case
        ("“The” fox’s", "the foxs", [False] * 2),  # and whatever stands around and inside of them
        ("Straße", "STRASSE", [False]),
        ("the 5 ran", "the five ran", [False] * 3),  # one word for one
        ("on Jan. 3rd we", "on January third we", [False, True, True, False]),
        ("one two 7 three", "one two three", [False, True, True, False]),
    ],
)
def test_only_words_that_share_a_time_are_estimated(text, spoken, estimated):
    times = source_times(text, spoken, timed(spoken))
    assert [time.is_estimated for time in times] == estimated
    guessed = [replace(time, is_estimated=True) for time in timed(spoken)]
    assert all(time.is_estimated for time in source_times(text, spoken, guessed))


def test_without_words_on_either_side_there_are_no_times():
    assert source_times("...", "one", timed("one")) == ()
    assert source_times("One", "", ()) == ()


@pytest.mark.parametrize("dash", "—–―…")
def test_dashes_part_words_and_hyphens_do_not(dash):
    assert source_words(f"a-b{dash}c {dash} d") == [(0, 3), (4, 5), (8, 9)]
