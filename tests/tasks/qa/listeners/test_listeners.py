"""Real speech that says its text, and the same cut up: every listener hears the difference, and where it is."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from storage.hearing import HowHeard
from tasks.errors import BadInputError
from tasks.models.catalogue import SHIPPED_FOLDER
from tasks.qa.listeners.built_in import ModelListener
from tasks.qa.listeners.listener import Sound
from tasks.qa.listeners.reasons import misheard, reasons_of
from tasks.qa.listeners.registry import LISTENERS, get_listener
from tasks.qa.listeners.sound import Written
from tasks.qa.listeners.whisper import WhisperOpinion
from tortoise_core.inference.fake import FakeEngine
from tortoise_core.inference.interface import SpeechRequest
from tortoise_core.inference.presets import SamplingSettings

RECORDING = Path(__file__).parents[2] / "align" / "recordings" / "slt"
MODEL = SHIPPED_FOLDER / "tortoise_mini"
TEXT, WORDS = json.loads(RECORDING.with_suffix(".json").read_text("utf-8")).values()
AUDIO, RATE = soundfile.read(RECORDING.with_suffix(".flac"), dtype="float32")


@pytest.fixture(scope="module", params=["built-in", "light"])
def listener(request):
    return get_listener(request.param, MODEL)


def place(word):
    """Samples of a word of the recording."""
    start, end = next((start, end) for text, start, end in WORDS if text == word)
    return round(start * RATE), round(end * RATE)


def heard(listener, audio, text=TEXT):
    (hearing,) = listener.listen([Sound(audio, RATE, text)])
    return hearing


def test_speech_that_says_its_text_is_not_doubted(listener):
    hearing = heard(listener, AUDIO)
    assert misheard(hearing) == () and hearing.score > 0.9
    said = [TEXT[word.start : word.end] for word in hearing.words]
    assert [word.lower() for word in said] == [word.lower() for word, _, _ in WORDS]
    off = [abs(word.start_s - start) for word, (_, start, _) in zip(hearing.words, WORDS, strict=True)]
    assert max(off) < 0.15


def test_a_word_that_was_cut_out_is_missed_at_its_place(listener):
    start, end = place("lamps")
    hearing = heard(listener, np.concatenate([AUDIO[:start], AUDIO[end:]]))
    doubted = [word for word in misheard(hearing) if TEXT[word.start : word.end] == "lamps"]
    assert [word.how for word in doubted] == [HowHeard.MISSING]
    assert "may have dropped 'lamps' at 0:00" in reasons_of(doubted, TEXT)
    assert hearing.score < heard(listener, AUDIO).score


def test_speech_after_the_end_is_heard(listener):
    more = np.concatenate([AUDIO, np.zeros(RATE // 5, np.float32), AUDIO[: len(AUDIO) // 2]])
    found = misheard(heard(listener, more))
    assert found and found[-1].how is HowHeard.ADDED and found[-1].start == len(TEXT)
    assert found[-1].end_s > len(AUDIO) / RATE


def test_another_text_is_doubted_nearly_everywhere(listener):
    hearing = heard(
        listener, AUDIO, "Seven purple elephants were juggling cheese beside a quiet frozen river in March."
    )
    assert len(misheard(hearing)) > 8 and hearing.score < 0.4


@pytest.mark.parametrize(("text", "other"), [("Lamps.", "Chapter."), ("Nobody knew.", "Chapter one.")])
def test_a_text_of_a_word_or_two_is_doubted_where_something_else_is_heard(listener, text, other):
    words = text.lower().strip(".").split()
    start, _ = place(words[0])
    _, end = place(words[-1])
    said = np.pad(AUDIO[start:end], RATE // 10)
    assert misheard(heard(listener, said, text)) == ()
    assert misheard(heard(listener, said, other))
    (tones,) = FakeEngine().speak([SpeechRequest(text, {}, SamplingSettings(), seed=1)])
    (hearing,) = listener.listen([Sound(tones.audio, tones.sample_rate, text)])
    assert misheard(hearing) and hearing.score < 0.5


def test_audio_that_is_too_short_for_its_text_says_nothing_of_it(listener):
    hearing = heard(listener, AUDIO[: RATE // 4])
    assert hearing.score == 0 and [word.how for word in hearing.words] == [HowHeard.MISSING]


def test_what_a_take_is_heard_as_does_not_depend_on_its_batch(listener):
    short = Sound(AUDIO[: place("lamps")[1]], RATE, "The lamps.")
    whole = Sound(AUDIO, RATE, TEXT)
    assert listener.listen([short, whole]) == [*listener.listen([short]), *listener.listen([whole])]


def test_a_listener_is_made_once_and_off_is_none():
    assert get_listener("built-in", MODEL) is get_listener("built-in", MODEL)
    assert get_listener("off", MODEL) is None


@pytest.mark.parametrize("name", ["whisper", "whisper:", "loud", "built-in:base"])
def test_a_name_that_is_no_listener_is_refused_with_those_that_are(name):
    with pytest.raises(BadInputError, match=r'qa.listen = "[^"]*" names no listener.*"whisper:MODEL"'):
        get_listener(name, MODEL)


@pytest.mark.parametrize(
    ("name", "package", "extra"),
    [("light", "pocketsphinx", "listen-light"), ("whisper", "faster_whisper", "listen")],
)
def test_what_is_not_installed_is_named_with_its_extra(monkeypatch, name, package, extra):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(BadInputError, match=rf"pip install talepress\[{extra}\]"):
        LISTENERS[name](MODEL, "base.en")


def test_a_listener_whose_weight_nobody_has_learned_is_refused(monkeypatch):
    monkeypatch.setattr("tasks.qa.listeners.policy._all", lambda: {"built-in": {}})
    with pytest.raises(BadInputError, match="nothing has been learned yet of how far 'whisper' is to be believed"):
        get_listener("whisper:base.en", MODEL)


def test_a_whisper_model_that_is_not_there_is_named(tmp_path):
    pytest.importorskip("faster_whisper")
    opinion = WhisperOpinion(str(tmp_path / "none"))
    with pytest.raises(BadInputError, match=r"there is no Whisper model '.*none'"):
        opinion.transcribe(Sound(AUDIO, RATE, TEXT))


class Recogniser:
    """Stands for Whisper, whose weights are not in the repository: writes down what it is told to."""

    def __init__(self, text):
        self._text = text

    def transcribe(self, audio, **_options):
        segment = type("Segment", (), {"start": 0.0, "end": len(audio) / 16_000, "text": self._text})
        return [segment], None


def test_what_whisper_writes_down_is_compared_word_by_word():
    pytest.importorskip("faster_whisper")
    second = WhisperOpinion("stand-in")
    listener = ModelListener(MODEL, "whisper", second)
    second.__dict__["_model"] = Recogniser(" The lamps of the old town were lit, and nobody knew who had lit them.")
    end_s = pytest.approx(len(AUDIO) / RATE, abs=0.01)
    assert second.transcribe(Sound(AUDIO, RATE, TEXT))[1] == Written("lamps", 0.0, end_s)
    evidence, opinions = listener.evidence(Sound(AUDIO, RATE, TEXT))
    assert [opinion.doubt for opinion in opinions.words] == [0.0] * len(evidence.words)
    second.__dict__["_model"] = Recogniser("The camels of the old town were lit, and nobody who had lit them.")
    _, opinions = listener.evidence(Sound(AUDIO, RATE, TEXT))
    doubts = {TEXT[w.start : w.end]: (o.doubt, o.heard) for w, o in zip(evidence.words, opinions.words, strict=True)}
    assert doubts["knew"] == (1.0, "") and doubts["lamps"][0] > 0.4 and doubts["lamps"][1] == "camels"
