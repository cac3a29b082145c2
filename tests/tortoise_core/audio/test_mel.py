"""Mel front-ends: frame counts, filters, and independence of batch mates."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tortoise_core.audio.mel import (
    CONFIG_22K,
    CONFIG_24K,
    MelConfig,
    MelSpectrogram,
    MelSpectrogram22k,
    MelSpectrogram24k,
    denormalize_mel,
    mel_filters,
    mel_norms,
    normalize_mel,
)
from tortoise_core.errors import AudioError, ConfigError

FRONT_ENDS = [MelSpectrogram22k, MelSpectrogram24k]


def tone(frequency_hz, rate_hz, samples=8192):
    return 0.5 * torch.sin(2 * math.pi * frequency_hz * torch.arange(samples) / rate_hz)[None]


@pytest.mark.parametrize("front_end", FRONT_ENDS)
@given(samples=st.integers(513, 5000), batch=st.integers(1, 3))
@settings(max_examples=15, deadline=None)
def test_frame_count_is_the_one_promised(front_end, samples, batch):
    mel = front_end()
    assert mel(torch.zeros(batch, samples)).shape == (batch, mel.config.bands, mel.config.frames(samples))


@pytest.mark.parametrize("front_end", FRONT_ENDS)
def test_a_clip_does_not_depend_on_its_batch_mates(front_end):
    clips = 0.1 * torch.randn(3, 4000, generator=torch.Generator().manual_seed(0))
    mel = front_end()
    assert torch.allclose(mel(clips)[1], mel(clips[1:2])[0], atol=1e-4)


@pytest.mark.parametrize("config", [CONFIG_22K, CONFIG_24K])
def test_a_tone_is_loudest_in_the_band_around_it(config):
    mel = MelSpectrogram(config)(tone(1000.0, config.sample_rate_hz)).mean(-1)[0]
    bins_hz = torch.linspace(0, config.sample_rate_hz / 2, config.fft_samples // 2 + 1)
    band = mel_filters(config)[:, mel.argmax()]
    assert abs(bins_hz[band.argmax()] - 1000.0) < 60


def test_filters_have_equal_area():
    filters = mel_filters(MelConfig(24000, 20, 12000.0, scale="slaney", power=1, clip_waveform=False))
    areas = filters.sum(0) * 24000 / 1024
    assert torch.allclose(areas, torch.ones(20), atol=0.05)


@pytest.mark.parametrize(
    ("rate_hz", "bands", "min_hz", "max_hz"), [(24000, 100, 0, 12000), (22050, 80, 0, 8000), (16000, 37, 90, 7600)]
)
def test_slaney_filters_are_those_of_plain_arithmetic(rate_hz, bands, min_hz, max_hz):
    def mel(hz):
        return hz * 3 / 200 if hz < 1000 else 15 + 27 * math.log(hz / 1000) / math.log(6.4)

    def hz(mel):
        return mel * 200 / 3 if mel < 15 else 1000 * 6.4 ** ((mel - 15) / 27)

    config = MelConfig(rate_hz, bands, max_hz, scale="slaney", power=1, clip_waveform=False, min_hz=min_hz)
    filters = mel_filters(config)
    step = (mel(max_hz) - mel(min_hz)) / (bands + 1)
    edges = [hz(mel(min_hz) + i * step) for i in range(bands + 2)]
    for band in range(bands):
        low, peak, high = edges[band : band + 3]
        for number in range(513):
            bin_hz = number * rate_hz / 1024
            height = max(0.0, min((bin_hz - low) / (peak - low), (high - bin_hz) / (high - peak)))
            expected = height * 2 / (high - low)
            assert abs(filters[number, band].item() - expected) < 4e-9, (number, band)  # 1 unit in the last place


def test_power_two_doubles_the_logarithm_of_power_one():
    clip = tone(440.0, 24000)
    bands = {"sample_rate_hz": 24000, "bands": 4, "max_hz": 12000.0, "scale": "slaney", "clip_waveform": False}
    magnitude, power = (MelSpectrogram(MelConfig(power=power, **bands))(10 * clip) for power in (1, 2))
    louder = MelSpectrogram(MelConfig(power=2, **bands))(20 * clip)
    loud = power > -9  # away from the floor
    assert loud.any()
    assert torch.allclose((louder - power)[loud], torch.tensor(2 * math.log(2)), atol=1e-3)
    assert not torch.allclose(magnitude, power)


def test_only_the_24k_front_end_clips_the_waveform():
    loud = 4 * tone(440.0, 24000)
    assert torch.equal(MelSpectrogram24k()(loud), MelSpectrogram24k()(loud.clamp(-1, 1)))
    assert not torch.allclose(MelSpectrogram22k()(loud), MelSpectrogram22k()(loud.clamp(-1, 1)))


def test_norms_divide_each_band():
    clip = tone(440.0, 22050)
    norms = mel_norms()
    assert norms.shape == (80,)
    assert (norms < 0).all()
    assert torch.allclose(MelSpectrogram22k()(clip), MelSpectrogram(CONFIG_22K)(clip) / norms[:, None])


def test_state_dict_stays_empty():
    assert not MelSpectrogram22k().state_dict()


def test_gradients_reach_the_waveform_even_in_silence():
    clip = torch.zeros(1, 2048)
    clip[0, 1024:] = tone(440.0, 24000, 1024)
    clip.requires_grad_()
    MelSpectrogram24k()(clip).sum().backward()
    assert clip.grad.isfinite().all()
    assert clip.grad.abs().sum() > 0


@pytest.mark.parametrize(
    ("waveform", "message"),
    [
        (torch.zeros(1, 512), "at least 513"),
        (torch.zeros(1, 2, 2000), "shape"),
        (torch.zeros(2000), "shape"),
        (torch.full((1, 2000), 11.0), "beyond"),
        (torch.full((1, 2000), float("nan")), "beyond"),
    ],
)
def test_unusable_waveforms_are_refused(waveform, message):
    with pytest.raises(AudioError, match=message):
        MelSpectrogram24k()(waveform)


def test_bad_configurations_are_refused():
    with pytest.raises(ConfigError, match="do not fit"):
        MelConfig(16000, 80, 9000.0, scale="htk", power=2, clip_waveform=False)
    with pytest.raises(ConfigError, match="80 bands"):
        MelSpectrogram(CONFIG_22K, torch.ones(3))


@given(st.floats(-12, 3))
def test_mel_domain_round_trip(value):
    log_mel = torch.tensor(value, dtype=torch.float64)
    assert abs(denormalize_mel(normalize_mel(log_mel)) - log_mel) < 1e-9


def test_floor_of_the_mel_is_minus_one():
    assert normalize_mel(MelSpectrogram24k()(torch.zeros(1, 1024))).max() == pytest.approx(-1.0, abs=1e-6)
