"""Where each fault of a recording begins, whatever measures it; and what is measured of sounds that are known."""

import numpy as np
import pytest
import soundfile

from tasks.voices import clips
from tasks.voices.clips import advise, clipped_share, decay_s, snr_db, timbre_distance
from tortoise_core.audio.constants import OUTPUT_RATE_HZ as RATE

GOOD = {
    "clipped_share": 0.0,
    "_unevenness_db": 9.0,
    "snr_db": 60.0,
    "decay_s": 0.2,
    "_speech_share": 0.9,
    "_high_db": -20.0,
}


def faults(monkeypatch, **measured):
    for name, value in {**GOOD, **measured}.items():
        monkeypatch.setattr(clips, name, lambda _, value=value: value)
    return list(clips._faults(np.zeros(1)))


@pytest.mark.parametrize(
    ("measured", "beyond", "words"),
    [
        ({"clipped_share": 0.0005}, {"clipped_share": 0.00051}, "it is overdriven: record at a lower level"),
        (
            {"_unevenness_db": 4.9, "snr_db": 23.0},
            {"_unevenness_db": 4.9, "snr_db": 22.9},
            "noise between the words is only 23 dB below the speech",
        ),
        ({"_unevenness_db": 5.0, "snr_db": 1.0}, {"_unevenness_db": 4.99, "snr_db": 1.0}, "noise between the words"),
        ({"decay_s": 0.55}, {"decay_s": 0.56}, r"it echoes (60 dB in 0.6 s)"),
        ({"decay_s": 9.0, "_unevenness_db": 4.9}, {"decay_s": 9.0}, "it echoes (60 dB in 9.0 s)"),
        ({"_speech_share": 0.4}, {"_speech_share": 0.39}, "61% of it is silence: cut the clip"),
        ({"_high_db": -60.0}, {"_high_db": -60.1}, "it has nothing above 4 kHz, as over a telephone"),
    ],
)
def test_a_measure_may_be_at_its_limit_and_no_further(monkeypatch, measured, beyond, words):
    assert faults(monkeypatch, **measured) == []
    (fault,) = faults(monkeypatch, **beyond)
    assert fault.startswith(words)


@pytest.mark.parametrize(("seconds", "told"), [(6.0, False), (5.99, True)])
def test_six_seconds_of_speech_are_enough_in_all_clips_together(monkeypatch, tmp_path, seconds, told):
    faults(monkeypatch, _speech_share=0.5)
    for n in range(2):
        soundfile.write(tmp_path / f"{n}.wav", np.full(round(seconds * RATE), 0.1), RATE)
    monkeypatch.setattr(clips, "timbre_distance", lambda *_: 0.6)
    advice = advise([tmp_path / "0.wav", tmp_path / "1.wav"])
    assert list(advice) == ["only 6.0 s of speech in all: 10 to 30 s in a few clips make a truer voice"] * told


@pytest.mark.parametrize(("distance", "told"), [(0.6, False), (0.61, True)])
def test_another_speaker_is_one_who_sounds_further_away_than_rooms_do(monkeypatch, tmp_path, distance, told):
    faults(monkeypatch)
    for n in range(2):
        soundfile.write(tmp_path / f"{n}.wav", np.full(4 * RATE, 0.1), RATE)
    monkeypatch.setattr(clips, "timbre_distance", lambda *_: distance)
    advice = advise([tmp_path / "0.wav", tmp_path / "1.wav"])
    assert [line[:21] for line in advice] == ["more than one speaker"] * told


def noise(seconds, seed=0):
    return 0.1 * np.random.default_rng(seed).standard_normal(round(seconds * RATE))


def test_flat_tops_are_counted_wherever_they_are():
    samples = np.linspace(-0.5, 0.4, 1000)
    samples[100:103] = 0.5
    samples[500:504] = -0.5
    samples[700:702] = 0.5  # two are no flat top
    assert clipped_share(samples) == pytest.approx(7 / 1000)


def test_speech_stands_so_far_above_what_is_between_it():
    words = np.concatenate([noise(0.5), 0.01 * noise(0.5)] * 4)
    assert snr_db(words) == pytest.approx(40, abs=3)


@pytest.mark.parametrize("seconds", [0.3, 1.0])
def test_an_echo_falls_by_60_db_in_its_time(seconds):
    fall = 10 ** (-3 * np.arange(round(seconds * RATE)) / (seconds * RATE))
    words = np.concatenate([noise(0.4), noise(seconds) * fall] * 4)
    assert decay_s(words) == pytest.approx(seconds, rel=0.35)


def test_sounds_of_one_kind_are_near_and_others_far():
    bright = np.diff(noise(4, 1))
    dark = np.cumsum(noise(4, 2)) / 50
    assert timbre_distance(noise(3, 3), noise(3, 4)) < 0.3
    assert timbre_distance(bright, dark) > 1


def test_a_telephone_lets_nothing_through_above_4_khz():
    for hz, low in ((3700, True), (3900, False)):
        tone = np.sin(2 * np.pi * hz * np.arange(RATE) / RATE)
        assert (clips._high_db(tone) < -60) is low
