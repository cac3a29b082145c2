"""The gain of a chapter and the limiter that keeps peaks below the ceiling."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.master.dynamics import MAX_LIMITING_DB, REACH_SECONDS, limit, plan_gain_db
from tasks.master.meters import ABSOLUTE_GATE_LUFS, TruePeakMeter

RATE = 24_000


def limited(audio, ceiling, sizes=()):
    edges = np.cumsum(sizes)
    return np.concatenate(list(limit(np.split(audio, edges[edges < len(audio)]), ceiling, RATE)))


def true_peak(audio):
    meter = TruePeakMeter()
    meter.add(audio)
    return meter.dbtp()


@given(st.floats(-60, -5), st.floats(-40, 0), st.floats(-30, -10), st.floats(-10, 0))
def test_the_gain_reaches_the_target_unless_peaks_forbid(loudness, peak, target, ceiling):
    gain = plan_gain_db(loudness, peak, target, ceiling)
    assert gain <= target - loudness
    assert peak + gain <= ceiling + MAX_LIMITING_DB + 1e-9
    assert gain == pytest.approx(target - loudness) or peak + gain == pytest.approx(ceiling + MAX_LIMITING_DB)


def test_silence_is_not_amplified():
    assert plan_gain_db(ABSOLUTE_GATE_LUFS, -80.0, -19.0, -3.0) == 0


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
