"""What is said of recordings that a voice is to be made of: real speech, clean and spoiled on purpose."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from scipy.signal import fftconvolve, firwin

import configs
from storage.artifacts import ArtifactStore
from tasks.voices.catalogue import find_voice, read_latents
from tasks.voices.clips import advise
from tortoise_core.inference.engine import load_engine
from tortoise_core.inference.interface import SpeechRequest

RATE = 24_000
MINI = Path(configs.__file__).parent / "models" / "tortoise_mini"
TEXTS = (
    "It was late in the evening when he came home, and the fire had burned low in the grate.",
    "Nobody in the town had seen such a storm, and the old people said that it would last for a week.",
)


@pytest.fixture(scope="module")
def speech(tmp_path_factory):
    """Two sentences by each of two voices, (samples,) at 24 kHz, by name."""
    engine = load_engine(MINI, "cpu")
    store = ArtifactStore(tmp_path_factory.mktemp("store"))
    spoken = {}
    for name in ("joe", "rms"):
        voice = read_latents(find_voice(name, engine.digest, store), store)
        requests = [SpeechRequest(text, voice, engine.settings("ultra_fast"), seed=1) for text in TEXTS]
        spoken[name] = [result.audio for result in engine.speak(requests)]
    return spoken


def echo(samples, seconds):
    decay = np.arange(int(1.2 * seconds * RATE)) / RATE
    room = np.random.default_rng(1).standard_normal(len(decay)) * 10 ** (-3 * decay / seconds)
    return samples + fftconvolve(samples, room / np.sqrt(np.sum(room**2)))[: len(samples)]


def noisy(samples, snr_db):
    power = np.mean(samples**2) / 10 ** (snr_db / 10)
    return samples + np.sqrt(power) * np.random.default_rng(1).standard_normal(len(samples))


SPOILED = {
    "overdriven": lambda x: np.clip(4 * x, -0.4, 0.4),
    "quieter place": lambda x: noisy(x, 10),
    "echoes": lambda x: echo(x, 1.0),
    "is silence": lambda x: np.concatenate([x, np.zeros(10 * RATE)]),
    "telephone": lambda x: fftconvolve(x, firwin(513, 3400, fs=RATE), "same"),
}


@pytest.mark.parametrize("voice", ["joe", "rms"])
def test_clean_speech_of_one_person_is_good(speech, tmp_path, voice):
    clips = [tmp_path / f"{n}.wav" for n in range(2)]
    for clip, samples in zip(clips, speech[voice], strict=True):
        soundfile.write(clip, 0.5 * samples, RATE)
    assert advise(clips) == ()


@pytest.mark.parametrize("fault", SPOILED)
@pytest.mark.parametrize("voice", ["joe", "rms"])
def test_a_spoiled_clip_is_named_with_what_to_do(speech, tmp_path, voice, fault):
    clips = [tmp_path / f"{n}.wav" for n in range(2)]
    for clip, samples in zip(clips, speech[voice], strict=True):
        soundfile.write(clip, 0.5 * SPOILED[fault](samples), RATE)
    advice = advise(clips)
    assert [line for line in advice if fault in line], advice
    assert all(line.startswith(("0.wav: ", "1.wav: ")) and fault in line for line in advice), advice


def test_two_speakers_are_told_apart(speech, tmp_path):
    for name in ("joe", "rms"):
        soundfile.write(tmp_path / f"{name}.wav", 0.5 * speech[name][0], RATE)
    (line,) = advise([tmp_path / "joe.wav", tmp_path / "rms.wav"])
    assert line.startswith("more than one speaker, or other rooms and microphones, in joe.wav and rms.wav")
    both = tmp_path / "both.wav"
    soundfile.write(both, 0.5 * np.concatenate([speech["joe"][0], speech["rms"][0]]), RATE)
    (line,) = advise([both])
    assert "within both.wav" in line


def test_too_little_speech(speech, tmp_path):
    clip = tmp_path / "short.wav"
    soundfile.write(clip, 0.5 * speech["joe"][0][: 3 * RATE], RATE)
    assert [line for line in advise([clip]) if "s of speech in all" in line]
