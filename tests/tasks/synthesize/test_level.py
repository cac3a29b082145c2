"""Speech comes to one level, silence is not made louder."""

import numpy as np
import pytest

from tasks.qa.checks import rms_dbfs
from tasks.synthesize.level import MAX_GAIN_DB, PEAK, SPEECH_DBFS, level_speech
from tests.tasks.audio import RATE, tone


def at(dbfs: float, seconds: float = 0.5) -> np.ndarray:
    audio = tone(seconds)
    return (audio * 10 ** ((dbfs - rms_dbfs(audio)) / 20)).astype(np.float32)


@pytest.mark.parametrize("dbfs", [-34.0, SPEECH_DBFS, -12.0])
def test_speech_comes_to_one_level(dbfs):
    levelled = level_speech(at(dbfs), RATE)
    assert levelled.dtype == np.float32
    assert rms_dbfs(levelled) == pytest.approx(SPEECH_DBFS, abs=0.05)


def test_pauses_do_not_count():
    speech = at(-30.0)
    paused = np.concatenate([speech, np.zeros(2 * RATE, dtype=np.float32), speech])
    assert rms_dbfs(level_speech(paused, RATE)[: len(speech)]) == pytest.approx(SPEECH_DBFS, abs=0.05)


def test_what_is_nearly_silent_is_not_made_speech():
    assert rms_dbfs(level_speech(at(-60.0), RATE)) == pytest.approx(-60.0 + MAX_GAIN_DB, abs=0.05)


def test_a_peak_is_not_pushed_over_the_top():
    audio = at(-34.0)
    audio[100] = 0.7
    levelled = level_speech(audio, RATE)
    assert np.abs(levelled).max() == pytest.approx(PEAK, abs=1e-3)
    audio[100] = 1.0
    np.testing.assert_array_equal(level_speech(audio, RATE), audio)


@pytest.mark.parametrize("samples", [1, RATE // 100, RATE])
def test_silence_stays(samples):
    assert not level_speech(np.zeros(samples, dtype=np.float32), RATE).any()
