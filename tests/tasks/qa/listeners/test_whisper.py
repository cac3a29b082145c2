"""What Whisper is asked for and what is made of its answer, without its weights."""

import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from tasks.errors import BadInputError
from tasks.qa.listeners import whisper
from tasks.qa.listeners.listener import Sound
from tasks.qa.listeners.sound import Written
from tasks.qa.listeners.whisper import WhisperOpinion

SOUND = Sound(np.zeros(48_000, np.float32)[::2], 24_000, "x")


@pytest.fixture
def library(monkeypatch):
    """Stands for the package faster-whisper, which few have."""
    module = ModuleType("faster_whisper")
    monkeypatch.setitem(sys.modules, "faster_whisper", module)
    monkeypatch.setattr(whisper, "version", lambda name: f"{name} 1.2")
    return module


@pytest.fixture
def model(library):
    """Stands for its model, and notes what it is made with and asked for."""
    calls = []

    class Model:
        def __init__(self, *given, **named):
            calls.append((given, named))

        def transcribe(self, audio, **named):
            calls.append((audio, named))
            texts = [(0.0, 0.5, " The twenty-one old—lamps. "), (0.5, 1.0, " Burned.")]
            return [SimpleNamespace(start=start, end=end, text=text) for start, end, text in texts], None

    library.WhisperModel = Model
    return calls


def test_it_writes_down_words_with_the_times_of_their_segment(model):
    assert WhisperOpinion("base.en").transcribe(SOUND) == [
        *(Written(word, 0.0, 0.5) for word in ("The", "twenty", "one", "old", "lamps.")),
        Written("Burned.", 0.5, 1.0),
    ]


def test_it_hears_english_the_same_way_every_time(model):
    """Each recording by itself, on one processor, without a beam: so a take is heard alike in any run."""
    opinion = WhisperOpinion("base.en")
    opinion.transcribe(SOUND)
    opinion.transcribe(SOUND)
    made, (audio, asked), _ = model
    assert made == (("base.en",), {"device": "cpu", "compute_type": "int8", "cpu_threads": 1})
    assert asked == {
        "language": "en", "beam_size": 1, "condition_on_previous_text": False, "without_timestamps": True,
    }  # fmt: skip
    assert (audio.shape, audio.dtype, audio.flags.c_contiguous) == ((16_000,), np.float32, True)


def test_its_digest_names_program_and_model(library):
    assert WhisperOpinion("base.en").digest == "whisper faster-whisper 1.2 base.en"


@pytest.mark.parametrize("error", [OSError("x"), ValueError("x"), RuntimeError("x")])
def test_a_model_that_cannot_be_had_is_told_whatever_the_library_says(library, error):
    def fail(*given, **named):
        raise error

    library.WhisperModel = fail
    with pytest.raises(BadInputError, match=r"there is no Whisper model 'none' \(x\)"):
        WhisperOpinion("none").transcribe(SOUND)
