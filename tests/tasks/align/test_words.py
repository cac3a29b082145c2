"""Words are found where they were spoken, by either way; what nobody could hear is marked as estimated."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from configs.settings import AlignSettings
from storage.artifacts import ArtifactStore
from storage.records import Take, Verdict
from tasks.align.pocketsphinx import PocketsphinxTimer
from tasks.align.timers import time_takes, word_timer
from tasks.align.words import SpellerTimer, _is_heard, at_rate, estimated
from tasks.errors import TalepressError
from tasks.models.catalogue import SHIPPED_FOLDER
from tortoise_core.description import read_description
from tortoise_core.inference.alignment import HeardWord

HERE = Path(__file__).parent / "recordings"
MODEL = SHIPPED_FOLDER / "tortoise_mini"


@pytest.fixture(scope="module")
def recording():
    """A sentence by flite, which says itself when it speaks each word: samples, text, (word, start, end in seconds)."""
    about = json.loads((HERE / "slt.json").read_text("utf-8"))
    audio, rate = soundfile.read(HERE / "slt.flac", dtype="float32")
    return audio, rate, about["text"], about["words"]


@pytest.fixture(scope="module")
def speller():
    return SpellerTimer(MODEL)


@pytest.mark.parametrize("way", ["speller", "pocketsphinx"])
def test_words_are_heard_where_they_were_spoken(recording, way):
    if way == "pocketsphinx":
        pytest.importorskip("pocketsphinx")  # it has no wheels for every Python
    audio, rate, text, words = recording
    times = word_timer(AlignSettings(method=way, model="tortoise_mini"), MODEL).times(audio, rate, text)
    assert [text[time.start : time.end].lower() for time in times] == [word.lower() for word, _, _ in words]
    assert not any(time.is_estimated for time in times)
    off = [abs(time.start_sample / rate - start) for time, (_, start, _) in zip(times, words, strict=True)]
    assert np.mean(off) < 0.035 and max(off) < 0.09, off
    ends = [abs(time.end_sample / rate - end) for time, (_, _, end) in zip(times, words, strict=True)]
    assert np.mean(ends) < 0.04, ends


def test_another_rate_is_no_matter(recording, speller):
    audio, rate, text, _ = recording
    half = speller.times(audio[::2], rate // 2, text)
    whole = speller.times(audio, rate, text)
    assert max(abs(a.start_sample * 2 - b.start_sample) / rate for a, b in zip(half, whole, strict=True)) < 0.06


def test_speech_of_another_text_is_estimated(recording, speller):
    audio, rate, _, _ = recording
    times = speller.times(audio, rate, "Seven purple elephants were juggling cheese.")
    assert len(times) == 6 and all(time.is_estimated for time in times)
    assert times[-1].end_sample == len(audio)


def test_audio_that_is_too_short_for_its_text_is_estimated(speller):
    times = speller.times(np.zeros(2000, np.float32), 24_000, "A long sentence in no time at all.")
    assert times == estimated("A long sentence in no time at all.", 2000)


def test_text_without_a_word_has_no_times(recording, speller):
    assert speller.times(recording[0], recording[1], "...") == ()


def test_estimates_are_in_proportion_to_the_letters():
    assert [(time.start_sample, time.end_sample) for time in estimated("ab — abcd", 600)] == [(0, 200), (200, 600)]


def test_digests_say_what_the_times_depend_on(speller):
    assert speller.digest == f"speller 1 {read_description(MODEL).digest()}"
    pytest.importorskip("pocketsphinx")
    assert PocketsphinxTimer().digest.startswith("pocketsphinx 1 5.")


def test_takes_are_listened_to_one_by_one(recording, speller, tmp_path):
    store = ArtifactStore(tmp_path)
    data = (HERE / "slt.flac").read_bytes()
    samples = len(recording[0])
    take = Take("key", "u" * 64, 0, 1, store.put_bytes(data), 24_000, samples, Verdict.OK)
    ((key, words),) = time_takes(store, speller, {"key": (take, recording[2])})
    assert key == "key" and words == speller.times(*recording[:3])
    broken = Take("key", "u" * 64, 0, 1, store.put_bytes(b"no audio"), 24_000, samples, Verdict.OK)
    with pytest.raises(TalepressError, match="the audio of take key is no audio"):
        list(time_takes(store, speller, {"key": (broken, recording[2])}))


@pytest.mark.parametrize(
    ("words", "is_heard"),
    [
        ([(4, 0.3)], True),
        ([(4, 0.299)], False),
        ([(9, 0.2), (1, 1.0)], False),
        ([(1, 0.2), (9, 0.4)], True),
        ([], True),
    ],
)
def test_words_are_believed_by_the_probability_of_their_phones(words, is_heard):
    assert _is_heard([HeardWord(0, 1, 0.0, 0.1, phones, probability) for phones, probability in words]) is is_heard


def test_estimates_and_rates():
    phonemes = "I {AH0 B} — x"
    assert [(time.start, time.end, time.is_estimated) for time in estimated(phonemes, 10)] == [
        (0, 1, True), (2, 9, True), (12, 13, True),
    ]  # fmt: skip
    audio = np.ones(240, np.float32)
    assert at_rate(audio, 24_000, 24_000) is audio and at_rate(np.ones(240), 24_000, 24_000).dtype == np.float32
    assert at_rate(audio, 24_000, 16_000).shape == (160,) and at_rate(np.ones(240), 8_000, 16_000).dtype == np.float32
