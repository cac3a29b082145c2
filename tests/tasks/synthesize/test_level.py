"""Speech comes to one level, silence is not made louder."""

import numpy as np
import pytest

from tasks.qa.checks import rms_dbfs
from tasks.synthesize.keys import CODE_FORMAT_VERSION
from tasks.synthesize.level import MAX_GAIN_DB, PAUSE_DB, PEAK, SPEECH_DBFS, level_speech
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


def test_the_level_of_takes_changes_with_the_version_of_their_key_alone():
    assert (CODE_FORMAT_VERSION, SPEECH_DBFS, PAUSE_DB, MAX_GAIN_DB, PEAK) == (2, -23.0, 25.0, 12.0, 0.98)


@pytest.mark.parametrize(("below_db", "counts"), [(24.0, True), (26.0, False)])
def test_what_is_25_db_below_the_loudest_is_a_pause(below_db, counts):
    loud = at(-20.0)
    level = -20.0 + (10 * np.log10((1 + 10 ** (-below_db / 10)) / 2) if counts else 0.0)
    levelled = level_speech(np.concatenate([loud, at(-20.0 - below_db)]), RATE)
    assert rms_dbfs(levelled[: len(loud)]) == pytest.approx(-20.0 + SPEECH_DBFS - level, abs=0.05)


def test_what_is_much_too_loud_comes_down_by_so_much_and_no_more():
    square = np.where(np.arange(RATE) % 100 < 50, 1.0, -1.0).astype(np.float32)
    assert rms_dbfs(level_speech(square, RATE)) == pytest.approx(-MAX_GAIN_DB, abs=0.05)
    assert rms_dbfs(level_speech(square / 2, RATE)) == pytest.approx(-6.02 - MAX_GAIN_DB, abs=0.05)


def test_what_is_shorter_than_a_window_stays_as_it_is():
    short = np.full(RATE // 50 - 1, 0.5, dtype=np.float32)
    assert level_speech(short, RATE) is short
    assert not np.array_equal(level_speech(np.full(RATE // 50, 0.5, dtype=np.float32), RATE)[:-1], short)
