"""Front-ends say of the same sound the same numbers as ever: networks were trained with these (spec 1).

Written down when they agreed with the recordings of `tests/parity`.
"""

import hashlib
import math
import random
from importlib import resources

import pytest
import torch

from tortoise_core.audio import constants, load
from tortoise_core.audio.conditioning import auto_mel, conditioning_mels, diffusion_mel
from tortoise_core.audio.mel import (
    CONFIG_22K,
    CONFIG_24K,
    MelConfig,
    MelSpectrogram22k,
    MelSpectrogram24k,
    denormalize_mel,
    mel_filters,
    normalize_mel,
)
from tortoise_core.audio.mel_consistency import LARGEST, MOMENTUM, MelConsistency
from tortoise_core.audio.resample import resample


def sound(samples, batch=1, loudness=0.3):
    """Harmonics that rise in pitch, and a little that is none: not drawn, so the same on every machine."""
    time = torch.arange(samples, dtype=torch.float64) / 24_000
    phase = 2 * math.pi * (150 * time + 400 * time**2)
    wave = sum(torch.sin(k * phase) / k for k in range(1, 30)) + 0.05 * torch.sin(7e6 * time**2)
    return (loudness * wave / 2).float().repeat(batch, 1)


def condensed(output):
    """Two numbers of an output: its mean size, and one for which every element matters in its place."""
    flat = output.double().flatten()
    return [
        float(flat.abs().mean()),
        float(flat @ torch.cos(1.1 * torch.arange(len(flat)).double())) / len(flat) ** 0.5,
    ]


RUNS = {
    "filters at 22 kHz": lambda: 1e3 * mel_filters(CONFIG_22K),
    "filters at 24 kHz": lambda: 1e3 * mel_filters(CONFIG_24K),
    "filters of other bands": lambda: (
        1e3 * mel_filters(MelConfig(16_000, 40, 7_600.0, scale="htk", power=2, clip_waveform=False, min_hz=90.0))
    ),
    "22 kHz": lambda: MelSpectrogram22k()(sound(6_000)),
    "24 kHz": lambda: MelSpectrogram24k()(sound(6_000)),
    "24 kHz, clipped": lambda: MelSpectrogram24k()(sound(6_000, loudness=4.0)),
    "crop for the autoregressive model": lambda: auto_mel(sound(150_000), random.Random(3)),
    "start for the diffusion model": lambda: diffusion_mel(sound(150_000)),
    "fill for the diffusion model": lambda: (
        conditioning_mels([sound(30_000), sound(9_000)], random.Random(3)).diffusion
    ),
    "fill for the autoregressive model": lambda: conditioning_mels([sound(30_000)], random.Random(3)).auto,
    "up": lambda: resample(sound(3_000), 22_050, 24_000),
    "down": lambda: resample(sound(3_000), 48_000, 22_050),
    "normalised": lambda: normalize_mel(MelSpectrogram24k()(sound(3_000))),
    "held to a mel": lambda: MelConsistency()(
        sound(3_072), MelSpectrogram24k()(sound(3_072, loudness=0.6))[..., :-1] - 0.2, 3
    ),
}

EXPECTED = {
    "filters at 22 kHz": [0.090515, 0.098976],
    "filters at 24 kHz": [0.083121, 0.00035154],
    "filters of other bands": [0.12475, 0.46609],
    "22 kHz": [0.6413, -0.034671],
    "24 kHz": [3.3893, -0.095355],
    "24 kHz, clipped": [1.8166, 0.15519],
    "crop for the autoregressive model": [0.96924, 0.085197],
    "start for the diffusion model": [3.9857, 0.38617],
    "fill for the diffusion model": [9.876, -0.1581],
    "fill for the autoregressive model": [1.9367, -0.08671],
    "up": [0.11643, -0.014667],
    "down": [0.11599, -0.02886],
    "normalised": [0.2402, 0.039452],
    "held to a mel": [0.19049, -0.068458],
}


@pytest.mark.parametrize("name", RUNS)
def test_a_sound_is_heard_as_ever(name):
    assert condensed(RUNS[name]()) == pytest.approx(EXPECTED[name], rel=1e-3, abs=2e-4)


def test_the_published_rates_and_sizes():
    assert (constants.AR_RATE_HZ, constants.OUTPUT_RATE_HZ) == (22_050, 24_000)
    assert (constants.FFT_SAMPLES, constants.HOP_SAMPLES, constants.SAMPLES_PER_CODE) == (1024, 256, 1024)
    assert (constants.AR_MEL_BANDS, constants.DIFFUSION_MEL_BANDS) == (80, 100)
    assert (constants.AR_CONDITIONING_SAMPLES, constants.DIFFUSION_CONDITIONING_SAMPLES) == (132_300, 102_400)
    assert constants.MEL_FLOOR == 1e-5
    assert float(torch.tensor(1e-5).log()) == constants.DIFFUSION_MEL_MIN
    assert constants.DIFFUSION_MEL_MAX == 2.3143386840820312
    assert normalize_mel(torch.tensor(constants.DIFFUSION_MEL_MAX)) == 1
    assert denormalize_mel(torch.tensor(1.0)) == constants.DIFFUSION_MEL_MAX
    assert (MOMENTUM, LARGEST) == (0.9, 2.0)


def test_how_much_of_a_strangers_file_is_read():
    assert (load.MOST_SECONDS, load.MOST_CHANNELS, load.SUSPICIOUS_PEAK) == (600.0, 8, 2.0)


def test_the_divisors_of_the_bands_are_the_published_ones():
    content = resources.files("tortoise_core.audio").joinpath("mel_norms.tsv").read_bytes()
    assert hashlib.sha256(content).hexdigest() == "c05b79a2dac2a3f09130ecc2d45c1cb5707a0bc1c153f5ef33b6b132c15a8777"
