"""Resampling keeps length and pitch, and refuses rates that need a huge filter."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tortoise_core.audio.resample import resample
from tortoise_core.errors import AudioError

COMMON_RATES_HZ = [8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000, 96000, 192000]


@given(st.sampled_from(COMMON_RATES_HZ), st.sampled_from([22050, 24000]), st.integers(100, 3000))
@settings(max_examples=20, deadline=None)
def test_length(from_hz, to_hz, samples):
    assert resample(torch.zeros(2, samples), from_hz, to_hz).shape == (2, math.ceil(samples * to_hz / from_hz))


def test_a_tone_keeps_its_pitch():
    def tone(rate_hz):
        return torch.sin(2 * math.pi * 500 * torch.arange(rate_hz // 4) / rate_hz)[None]

    middle = slice(1000, 4000)
    assert torch.allclose(resample(tone(48000), 48000, 22050)[0, middle], tone(22050)[0, middle], atol=1e-2)


def test_same_rate_is_the_same_waveform():
    clip = torch.ones(1, 10)
    assert resample(clip, 999_999, 999_999) is clip


@pytest.mark.parametrize("rate_hz", [1, 3999, 384_001, 2**31 - 1])
def test_impossible_rates_are_refused(rate_hz):
    with pytest.raises(AudioError, match="use rates from 4000"):
        resample(torch.zeros(1, 10), rate_hz, 24000)


def test_rates_that_would_need_a_huge_filter_are_refused():
    with pytest.raises(AudioError, match="unusual rate 44101"):
        resample(torch.zeros(1, 10), 44_101, 22050)
