"""Audio is brought to its loudness, and the limiter keeps its peaks below the ceiling."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.master import dynamics
from tasks.master.dynamics import CLOSE_LU, MARGIN_DB, MAX_LIMITING_DB, MAX_TRIALS, REACH_SECONDS, level, limit
from tasks.master.master_key import MASTER_FORMAT_VERSION
from tasks.master.meters import TruePeakMeter, measure

RATE = 24_000


def limited(audio, ceiling, sizes=()):
    edges = np.cumsum(sizes)
    return np.concatenate(list(limit(np.split(audio, edges[edges < len(audio)]), ceiling, RATE)))


def true_peak(audio):
    meter = TruePeakMeter()
    meter.add(audio)
    return meter.dbtp()


def levelled(audio, target=-19.0, ceiling=-3.5, sizes=()):
    edges = np.cumsum(sizes)
    pieces = np.split(audio, edges[edges < len(audio)])
    return np.concatenate(list(level(lambda: iter(pieces), target, ceiling, RATE)))


def speech_like(seed, peaks, crest_db, seconds=3.0):
    """Noise that comes and goes, and sharp pulses so many decibels above it."""
    random = np.random.default_rng(seed)
    envelope = np.repeat(random.uniform(0.1, 1, round(10 * seconds)), RATE // 10)
    audio = envelope * random.standard_normal(len(envelope))
    at = random.integers(0, len(audio), peaks)
    audio[at] = random.choice([-1, 1], peaks) * 10 ** (crest_db / 20)
    return 0.02 * audio


@pytest.mark.parametrize(
    ("heard", "gains"),
    [
        ([-21.0, -19.0], [0.0, 2.0, 2.0]),
        ([-21.0, -18.0, -19.0], [0.0, 2.0, 1.0, 1.0]),  # too loud after the first trial: down again
        ([-19.0], [0.0, 0.0]),
    ],
)
def test_the_gain_is_tried_upwards_and_downwards_until_it_is_right(monkeypatch, heard, gains):
    """Loudness does not grow as the gain does: what is cut off and what the gate leaves out change with it."""
    tried = []
    loudness = iter(heard)
    monkeypatch.setattr(dynamics, "measure", lambda blocks, rate: (-19.0, 0.0))
    monkeypatch.setattr(dynamics, "amplify", lambda blocks, gain_db: tried.append(gain_db) or blocks)
    monkeypatch.setattr(dynamics, "limit", lambda blocks, ceiling, rate: blocks)
    monkeypatch.setattr(dynamics, "_loudness", lambda blocks, rate: next(loudness))
    levelled(np.zeros(10))
    assert tried == gains


@settings(max_examples=15)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(0, 200),
    st.floats(0, 50),
    st.sampled_from([(-19.0, -3.5), (-16.0, -1.0), (-23.0, -9.0)]),
    st.floats(-15, 30),
)
def test_any_crest_factor_comes_to_the_target_or_as_near_as_limiting_may_bring_it(seed, peaks, crest, aims, gain_db):
    target, ceiling = aims
    audio = speech_like(seed, peaks, crest) * 10 ** (gain_db / 20)
    result = levelled(audio, target, ceiling)
    loudness, peak = measure([result], RATE)
    assert len(result) == len(audio)
    assert peak <= ceiling + 0.05
    assert loudness <= target + 0.2
    if loudness < target - 0.2:
        untouched = 20 * np.log10(np.max(np.abs(result) / np.maximum(np.abs(audio), 1e-9)))
        assert true_peak(audio) + untouched == pytest.approx(ceiling + MAX_LIMITING_DB, abs=0.1)


def test_audio_whose_peaks_fit_gets_one_gain_and_nothing_else():
    audio = speech_like(0, 0, 0)
    np.testing.assert_allclose(levelled(audio, -24.0) / audio, 10 ** ((-24.0 - measure([audio], RATE)[0]) / 20))


def test_the_gain_makes_up_for_what_limiting_takes():
    """Sharp pulses carry much of this audio's loudness: with the gain that its loudness asks for it is too quiet."""
    audio = speech_like(3, 60, 20)
    gain_db = -19 - measure([audio], RATE)[0]
    assert measure([limited(audio * 10 ** (gain_db / 20), -3.5)], RATE)[0] < -20
    assert measure([levelled(audio)], RATE)[0] == pytest.approx(-19, abs=CLOSE_LU)


@settings(max_examples=6)
@given(st.lists(st.integers(1, 20_000), max_size=8))
def test_levelling_does_not_depend_on_blocks(sizes):
    audio = speech_like(1, 20, 20)
    np.testing.assert_allclose(levelled(audio, sizes=sizes), levelled(audio), atol=1e-9)


@pytest.mark.parametrize(
    "audio",
    [np.zeros(0), np.zeros(1), np.zeros(RATE), np.full(RATE, 1e-6), speech_like(2, 0, 0, seconds=0.3)],
    ids=["nothing", "one sample", "silence", "under the gate", "too short to have a loudness"],
)
def test_what_has_no_loudness_stays_as_it_is(audio):
    np.testing.assert_array_equal(levelled(audio), audio)


def test_a_short_bang_has_no_loudness_but_is_kept_below_the_ceiling():
    audio = np.zeros(RATE // 4)
    audio[3000] = 1.0
    assert -3.8 < true_peak(levelled(audio)) <= -3.45


@settings(max_examples=15)
@given(st.integers(0, 2**32 - 1), st.lists(st.integers(1, 4000), max_size=12), st.floats(-12, -1))
def test_peaks_stay_below_the_ceiling_and_blocks_do_not_matter(seed, sizes, ceiling):
    random = np.random.default_rng(seed)
    audio = 0.1 * random.standard_normal(12_000)
    audio[random.integers(0, 12_000, 5)] *= 15
    whole = limited(audio, ceiling)
    assert len(whole) == len(audio)
    assert true_peak(whole) <= ceiling + 0.05
    np.testing.assert_allclose(limited(audio, ceiling, sizes), whole, atol=1e-12)


@pytest.mark.parametrize("ceiling", [-1.0, -3.5, -6.0, -12.0])
def test_limited_audio_reaches_the_ceiling_from_below(ceiling):
    audio = 0.1 * np.sin(np.arange(RATE) * 0.1)
    audio[12_000:12_200] *= 9.5  # a few milliseconds at -0.4 dBTP
    assert ceiling - 0.3 <= true_peak(limited(audio, ceiling)) <= ceiling


def test_only_the_neighbourhood_of_a_peak_is_turned_down():
    audio = 0.1 * np.sin(np.arange(RATE) * 0.1)
    audio[12_000] = 1.0
    reach = 2 * round(REACH_SECONDS * RATE) + 20
    changed = np.flatnonzero(limited(audio, -6.0) != audio)
    assert 12_000 - reach <= changed.min() < 12_000 < changed.max() <= 12_000 + reach


def test_gain_moves_smoothly():
    audio = np.full(RATE, 0.1)
    audio[12_000:12_100] = 1.0
    gain = limited(audio, -6.0) / audio
    assert np.abs(np.diff(gain)).max() < 0.01


def test_what_a_master_sounds_like_changes_with_the_version_of_its_key_alone():
    assert MASTER_FORMAT_VERSION == 2
    assert (MAX_LIMITING_DB, CLOSE_LU, MAX_TRIALS, REACH_SECONDS, MARGIN_DB) == (12.0, 0.1, 8, 0.010, 0.05)
