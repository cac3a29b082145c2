"""The model that ships speaks, on a fresh machine, within the bounds that its card promises."""

from pathlib import Path

import numpy as np
import pytest

import configs
from configs.settings import load_settings
from tasks.voices.catalogue import shipped_voices
from tasks.voices.latents import unpack_latents
from tests.e2e.conftest import ROOT
from tests.tasks.delivery.test_delivery import hold_to_acx_by_ffmpeg
from tortoise_core.checkpoints import verify
from tortoise_core.inference.engine import load_engine
from tortoise_core.inference.interface import SpeechRequest

MODEL = Path(configs.__file__).parent / "models" / "tortoise_mini"
MIB = 1 << 20


@pytest.fixture(scope="module")
def engine():
    return load_engine(MODEL, "cpu")


@pytest.fixture(scope="module")
def voices():
    return {voice.name: unpack_latents(voice.path.read_bytes(), voice.name) for voice in shipped_voices()}


def test_the_files_are_whole_and_small_enough():
    verify(MODEL)
    sizes = [path.stat().st_size for path in MODEL.glob("*.safetensors")]
    assert max(sizes) <= 16 * MIB and sum(sizes) <= 60 * MIB, sizes
    assert (MODEL / "MODEL_CARD.md").is_file()


def test_every_shipped_voice_speaks_a_sentence(engine, voices):
    text = "The lamp was lit, and the children ran home."
    settings = engine.settings("ultra_fast")
    names = sorted(voices)
    results = engine.speak([SpeechRequest(text, voices[name], settings, 1) for name in names])
    assert load_settings().synthesize.voice in names
    for name, result in zip(names, results, strict=True):
        rms = float(np.sqrt(np.mean(result.audio**2)))
        assert 0.01 < rms < 0.5, (name, rms)
        assert 1.2 < len(result.audio) / result.sample_rate < 6.0, name
        assert not result.hit_length_cap, name


def test_the_same_request_gives_the_same_audio_alone_and_in_company(engine, voices):
    settings = engine.settings("fast")
    voice = voices["slt"]
    requests = [SpeechRequest(text, voice, settings, seed) for seed, text in enumerate(["Yes.", "Where is the key?"])]
    together = engine.speak(requests)
    again = engine.speak(requests[:1])[0]
    assert again.audio.shape == together[0].audio.shape  # as many codes
    np.testing.assert_allclose(again.audio, together[0].audio, atol=2e-3)
    other = engine.speak([SpeechRequest("Yes.", voice, settings, 99)])[0]
    assert other.audio.shape != again.audio.shape or not np.allclose(other.audio, again.audio, atol=1e-2)


def pitch_hz(audio, rate=24_000):
    """Median fundamental of the voiced windows: the strongest peak of the autocorrelation between 70 and 320 Hz."""
    found = []
    for start in range(0, len(audio) - 2048, 1024):
        window = audio[start : start + 2048] - audio[start : start + 2048].mean()
        correlation = np.correlate(window, window, "full")[2047:]
        low = rate // 320
        high = rate // 70
        lag = low + int(correlation[low:high].argmax())
        if np.sqrt(np.mean(window**2)) > 0.02 and correlation[lag] > 0.5 * correlation[0]:
            found.append(rate / lag)
    return float(np.median(found))


def test_the_voice_decides_the_pitch(engine, voices):
    settings = engine.settings("ultra_fast")
    text = "The lamp was lit, and the children ran home."
    requests = [SpeechRequest(text, voices[name], settings, 1) for name in ("slt", "rms")]
    woman, man = (pitch_hz(result.audio) for result in engine.speak(requests))
    assert woman > man + 30, (woman, man)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_every_file_of_the_sample_meets_the_numbers_of_acx(talepress):
    """By our check and by ffmpeg's meters: chapters, credits and the retail sample."""
    made = talepress(
        "make",
        ROOT / "samples" / "the-lamplighters-clock.epub",
        *("--out", "out", "--preset", "ultra_fast", "--json"),
        TALEPRESS_PROFILE="",
        TALEPRESS_PACKAGE__OUTPUTS='["acx", "manifest"]',
    )
    assert made.code in (0, 3), made.err  # 3: a take is doubtful; its level is none the less right
    files = sorted((talepress.folder / "out").rglob("*.mp3"))
    assert {Path(one["path"]).name for one in made.json["deliveries"]} == {file.name for file in files}
    assert len(files) == len(made.json["chapters"]) + 3, files  # two credits and the retail sample
    for delivery in made.json["deliveries"]:
        assert delivery["meets_the_technical_numbers"], delivery
    for file in files:
        hold_to_acx_by_ffmpeg(file)
