"""A direction is cut out where the text begins: no word of it is left, and none of the text is lost."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from storage.records import WordTime
from tasks.align.direction import DIRECTION_VERSION, cut_direction, directed_digest, listener
from tasks.models.catalogue import SHIPPED_FOLDER
from tasks.voices.catalogue import shipped_voices
from tasks.voices.latents import unpack_latents
from tasks.voices.references import directed_text
from tortoise_core.inference.engine import load_engine
from tortoise_core.inference.interface import SpeechRequest

HERE = Path(__file__).parent / "recordings"


@pytest.fixture(scope="module")
def recording():
    """A sentence by flite: samples, rate, its words, and when each of them is spoken by flite's own account."""
    about = json.loads((HERE / "slt.json").read_text("utf-8"))
    audio, rate = soundfile.read(HERE / "slt.flac", dtype="float32")
    return audio, rate, about["text"].split(), about["words"]


def cut_after(recording, words):
    """Cuts the first words of the recording; returns the cut, and where it lies, in seconds."""
    audio, rate, text, _ = recording
    cut = cut_direction(audio, rate, " ".join(text[:words]), " ".join(text[words:]))
    return cut, (len(audio) - len(cut.audio)) / rate


def test_the_cut_lies_in_the_pause(recording):
    audio, rate, text, words = recording
    cut, place_s = cut_after(recording, 8)
    assert text[7] == "lit,"
    assert words[7][2] - 0.01 <= place_s <= words[8][1], place_s
    assert cut.is_sure
    assert cut.audio[0] == 0.0  # faded in
    rest = round(0.01 * rate)
    np.testing.assert_array_equal(cut.audio[rest:], audio[-len(cut.audio) + rest :])


def test_a_cut_without_a_pause_is_not_sure(recording):
    cut, place_s = cut_after(recording, 2)
    assert place_s == pytest.approx(recording[3][2][1], abs=0.06)
    assert not cut.is_sure


@pytest.mark.parametrize("audio", ["another text", "silence", "nothing"])
def test_where_no_word_is_heard_nothing_is_cut(recording, audio):
    samples = {
        "another text": recording[0],
        "silence": np.zeros(24_000, np.float32),
        "nothing": np.zeros(1, np.float32),
    }
    cut = cut_direction(samples[audio], recording[1], "Seven purple elephants,", "juggle nine green cheeses.")
    assert not cut.is_sure
    assert cut.audio is samples[audio]


class Timer:
    """Hears words at given samples."""

    def __init__(self, *times):
        self.words = tuple(WordTime(*time) for time in times)

    def times(self, audio, sample_rate, spoken):
        assert spoken == "Sad, so" and sample_rate == 1_000
        return self.words


@pytest.mark.parametrize(
    ("words", "quiet", "place", "is_sure"),
    [
        ([(0, 4, 0, 300), (5, 7, 600, 900)], 560, 560, True),  # the quietest place of the pause
        (
            [(0, 4, 0, 300), (5, 7, 600, 900)],
            450,
            600,
            True,
        ),  # a tenth of a second of it; of equals the last
        ([(0, 4, 0, 550), (5, 7, 600, 900)], 545, 600, True),  # none of the direction
        ([(0, 4, 0, 600), (5, 7, 600, 900)], 620, 620, False),
        ([(0, 4, 0, 600), (5, 7, 600, 900)], 570, 570, False),
        ([(0, 4, 0, 600), (5, 7, 600, 900)], 560, 630, False),
        ([(0, 4, 0, 300), (5, 7, 600, 900, True)], 560, 0, False),
        ([(0, 4, 0, 300, True), (5, 7, 600, 900)], 560, 560, True),
        ([(0, 4, 0, 300)], 560, 0, False),
        ([(5, 7, 600, 900)], 560, 0, False),
    ],
)
def test_where_the_cut_lies(monkeypatch, words, quiet, place, is_sure):
    audio = np.full(1_000, 0.5, np.float32)
    audio[quiet - 5 : quiet] = 0
    before = audio.copy()
    monkeypatch.setattr("tasks.align.direction.listener", lambda: Timer(*words))
    cut = cut_direction(audio, 1_000, "Sad,", "so")
    assert (1_000 - len(cut.audio), cut.is_sure) == (place, is_sure)
    np.testing.assert_array_equal(audio, before)  # the take is left as it was
    if place:
        np.testing.assert_allclose(cut.audio[:6], [0, 0.1, 0.2, 0.3, 0.4, 0.5], atol=1e-6)


def test_without_a_direction_nobody_listens(recording, monkeypatch):
    monkeypatch.setattr("tasks.align.direction.listener", None)
    assert cut_direction(recording[0], recording[1], "", "Hello.").audio is recording[0]


def test_voice_direction_and_listener_are_in_the_digest(monkeypatch):
    first = directed_digest("a" * 64, "I am sad,")
    assert len({first, directed_digest("b" * 64, "I am sad,"), directed_digest("a" * 64, "I am glad,"), "a" * 64}) == 4
    monkeypatch.setattr(type(listener()), "digest", "another model")
    assert directed_digest("a" * 64, "I am sad,") != first


def test_the_digest_of_a_direction_is_that_of_its_version(monkeypatch):
    """Another digest has every directed take spoken again: do so only with a new version."""
    monkeypatch.setattr(type(listener()), "digest", "a model")
    parts = b'["%s", "I am s\\u00e4d,", 1, "a model"]' % (b"a" * 64)
    assert (DIRECTION_VERSION, directed_digest("a" * 64, "I am s\u00e4d,")) == (1, hashlib.sha256(parts).hexdigest())


def test_the_embedded_model_speaks_in_a_mood_without_its_words():
    model = SHIPPED_FOLDER / "tortoise_mini"
    engine = load_engine(model, "cpu")
    joe = next(shipped.path for shipped in shipped_voices() if shipped.name == "joe")
    voice = unpack_latents(joe.read_bytes(), "joe")
    direction = "I am really sad,"
    texts = ["Please feed me.", "She folded the letter and put it in her pocket."]
    said = [text for spoken in texts for text in (spoken, directed_text(direction, spoken))]
    results = engine.speak([SpeechRequest(text, voice, engine.settings("ultra_fast"), 1) for text in said])
    for spoken, plain, directed in zip(texts, results[::2], results[1::2], strict=True):
        rate = directed.sample_rate
        cut = cut_direction(directed.audio, rate, direction, spoken)
        assert cut.is_sure
        assert len(directed.audio) - len(cut.audio) > 0.5 * rate  # its four words
        assert len(cut.audio) == pytest.approx(len(plain.audio), rel=0.3), spoken
        words = listener().times(cut.audio, rate, spoken)
        assert not any(word.is_estimated for word in words)
        assert 0 < words[0].start_sample < 0.15 * rate, spoken  # whole, and nothing is said before it
        left = listener().times(cut.audio, rate, directed_text(direction, spoken))
        assert all(word.is_estimated for word in left) or left[0].end_sample < 0.15 * rate, spoken
