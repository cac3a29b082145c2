"""Loudness and true peak as the standards define them."""

import numpy as np
import pyloudnorm
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.master import meters
from tasks.master.master_key import MASTER_FORMAT_VERSION
from tasks.master.meters import ABSOLUTE_GATE_LUFS, SILENT_DBTP, LoudnessMeter, TruePeakMeter

RATE = 24_000


def cut(audio, sizes):
    """The audio in blocks of the given sizes, the rest as one."""
    edges = np.cumsum(sizes)
    return [block for block in np.split(audio, edges[edges < len(audio)]) if len(block)]


def lufs(audio, sizes=(), rate=RATE):
    meter = LoudnessMeter(rate)
    for block in cut(audio, sizes):
        meter.add(block)
    return meter.lufs()


def dbtp(audio, sizes=()):
    meter = TruePeakMeter()
    for block in cut(audio, sizes):
        meter.add(block)
    return meter.dbtp()


def sine(hz, seconds, rate=RATE, peak=1.0, phase=0.0):
    return peak * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate + phase)


def speech_like(seconds=8.0, seed=0):
    """Noise that comes and goes, with a pause that the gates leave out."""
    random = np.random.default_rng(seed)
    level = np.repeat(random.uniform(0.02, 0.3, int(10 * seconds)), RATE // 10)
    level[len(level) // 2 : len(level) // 2 + 2 * RATE] = 1e-5
    return level * random.standard_normal(len(level)) * 0.3


@pytest.mark.parametrize("rate", [22_050, 24_000, 44_100, 48_000])
def test_the_standards_calibration_tone(rate):
    """BS.1770-4: a 997 Hz sine of full scale in one channel reads -3.01 LKFS."""
    assert lufs(sine(997, 5, rate), rate=rate) == pytest.approx(-3.01, abs=0.03)


@pytest.mark.parametrize("seed", range(3))
def test_agrees_with_pyloudnorm(seed):
    audio = speech_like(seed=seed)
    expected = pyloudnorm.Meter(RATE, filter_class="DeMan").integrated_loudness(audio)
    assert lufs(audio) == pytest.approx(expected, abs=0.01)


@settings(max_examples=15)
@given(st.lists(st.integers(1, 9000), max_size=20))
def test_blocks_do_not_matter(sizes):
    audio = speech_like(3.0)
    assert lufs(audio, sizes) == pytest.approx(lufs(audio), abs=1e-9)
    assert dbtp(audio, sizes) == pytest.approx(dbtp(audio), abs=1e-9)


@given(st.floats(-40, 10))
def test_gain_moves_both_meters_by_as_much(gain_db):
    audio = sine(500, 1, peak=0.1)
    assert lufs(audio * 10 ** (gain_db / 20)) - lufs(audio) == pytest.approx(gain_db, abs=1e-6)
    assert dbtp(audio * 10 ** (gain_db / 20)) - dbtp(audio) == pytest.approx(gain_db, abs=1e-6)


@pytest.mark.parametrize("audio", [np.zeros(0), np.zeros(RATE), np.ones(100), 1e-6 * np.ones(RATE)])
def test_nothing_above_the_gate(audio):
    assert lufs(audio) == ABSOLUTE_GATE_LUFS


def test_what_is_measured_steers_the_gain_of_every_master():
    """Another number here makes other audio under the same key: raise MASTER_FORMAT_VERSION then."""
    assert MASTER_FORMAT_VERSION == 2
    assert (ABSOLUTE_GATE_LUFS, meters.RELATIVE_GATE_LU, meters.STEPS_PER_BLOCK) == (-70.0, -10.0, 4)
    assert (meters.OVERSAMPLING, SILENT_DBTP) == (4, -144.0)


def test_true_peak_lies_between_the_samples():
    """A quarter-rate sine sampled 45 degrees off its crests shows 3 dB too little."""
    audio = sine(RATE / 4, 0.5, phase=np.pi / 4)
    assert 20 * np.log10(np.abs(audio).max()) == pytest.approx(-3.01, abs=0.01)
    assert dbtp(audio[100:-100]) == pytest.approx(0.0, abs=0.6)  # ringing at the hard edges adds a little


def test_a_peak_in_the_last_sample_counts():
    audio = np.zeros(1000)
    audio[-1] = 0.5
    assert dbtp(audio, [300, 300]) == pytest.approx(-6.02, abs=0.01)
    assert dbtp(np.zeros(0)) == SILENT_DBTP
