"""What pocketsphinx is given and how its frames become samples, with a decoder that hears what it is told to."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest

from storage.records import WordTime
from tasks.align.pocketsphinx import PocketsphinxTimer
from tasks.align.words import estimated
from tasks.errors import BadInputError

pytest.importorskip("pocketsphinx")  # it has no wheels for every Python


class Decoder:
    """Notes all that it is told."""

    def __init__(self, *segments):
        self.calls = []
        self._segments = [
            SimpleNamespace(word=word, start_frame=first, end_frame=last) for word, first, last in segments
        ]

    def __getattr__(self, name):
        return lambda *given, **named: self.calls.append((name, *given, *named.items()))

    def seg(self):
        return self._segments or None


@pytest.fixture
def timer():
    def make(*segments):
        made = PocketsphinxTimer()
        decoder = Decoder(*segments)
        made._make = lambda: decoder
        return made, decoder

    return make


def test_words_are_given_with_their_phones_and_the_dictionary_is_closed_with_the_last(timer):
    made, decoder = timer()
    audio = np.array([0.0, 0.5, -0.5, 2.0, -2.0] * 480, np.float32)
    made.times(audio, 16_000, "Oh, {L AE1 M P}.")
    sound = (np.clip(audio, -1, 1) * 32767).astype(np.int16).tobytes()
    assert decoder.calls == [
        ("add_word", "word0", "OW", False),
        ("add_word", "word1", "L AE M P", True),
        ("set_align_text", "word0 word1"),
        ("start_utt",),
        ("process_raw", sound, ("full_utt", True)),
        ("end_utt",),
    ]


@pytest.mark.parametrize("rate", [8_000, 16_000, 24_000, 48_000])
def test_it_hears_sixteen_thousand_samples_a_second(timer, rate):
    made, decoder = timer()
    made.times(np.zeros(rate, np.float32), rate, "Oh")
    (sound,) = (call[1] for call in decoder.calls if call[0] == "process_raw")
    assert len(sound) == 2 * 16_000


def test_frames_of_a_hundredth_become_samples_and_pauses_are_no_words(timer):
    made, _ = timer(("<s>", 0, 4), ("word0", 5, 9), ("<sil>", 10, 19), ("word1", 20, 39), ("</s>", 40, 50))
    times = made.times(np.zeros(24_000, np.float32), 24_000, "Oh, no")
    assert times == (WordTime(0, 2, 1_200, 2_400), WordTime(4, 6, 4_800, 9_600))


def test_the_words_of_a_number_are_one_word(timer):
    made, _ = timer(("word0", 0, 9), ("word1", 10, 19), ("word2", 20, 29))
    (both, last) = made.times(np.zeros(24_000, np.float32), 24_000, "21 no")
    assert (both.start, both.end, both.start_sample, both.end_sample) == (0, 2, 0, 4_800)
    assert (last.start, last.start_sample) == (3, 4_800)


def test_no_word_is_empty_or_ends_behind_the_audio(timer):
    made, _ = timer(("word0", 0, 0), ("word1", 9, 12))
    times = made.times(np.zeros(240, np.float32), 24_000, "Oh no")
    assert [(time.start_sample, time.end_sample) for time in times] == [(0, 240), (239, 240)]


@pytest.mark.parametrize("segments", [(), (("word0", 0, 9),)])
def test_words_that_were_not_all_heard_are_estimated(timer, segments):
    made, _ = timer(*segments)
    assert made.times(np.zeros(600, np.float32), 24_000, "Oh no") == estimated("Oh no", 600)


def test_without_words_nobody_listens(timer):
    made, decoder = timer()
    assert made.times(np.zeros(600, np.float32), 24_000, "...") == () and decoder.calls == []


def test_what_is_not_installed_is_named_with_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "pocketsphinx", None)
    with pytest.raises(BadInputError, match=r'pip install talepress\[align\]`, or set align.method = "speller"'):
        PocketsphinxTimer()
