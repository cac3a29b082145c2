"""Clips are cut or padded to what the encoders take, with chance from outside."""

import random

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tortoise_core.audio.conditioning import auto_mel, conditioning_mels, diffusion_mel, pad_or_crop, pad_or_truncate
from tortoise_core.audio.mel import CONFIG_24K, MelSpectrogram, MelSpectrogram24k
from tortoise_core.errors import AudioError


def clip(samples, seed=0):
    return 0.1 * torch.randn(1, samples, generator=torch.Generator().manual_seed(seed))


@given(st.integers(0, 50), st.integers(0, 50))
def test_pad_or_truncate_keeps_the_beginning(length, samples):
    ramp = torch.arange(1.0, length + 1)[None]
    result = pad_or_truncate(ramp, samples)
    kept = min(length, samples)
    assert result.shape == (1, samples)
    assert torch.equal(result[:, :kept], ramp[:, :kept])
    assert not result[:, kept:].any()


@given(st.integers(1, 60), st.integers(1, 50), st.integers(0, 2**32))
def test_pad_or_crop_takes_a_window(length, samples, seed):
    ramp = torch.arange(1.0, length + 1)[None]
    result = pad_or_crop(ramp, samples, random.Random(seed))
    assert result.shape == (1, samples)
    if length <= samples:
        assert torch.equal(result, pad_or_truncate(ramp, samples))
    else:
        assert torch.equal(result, torch.arange(samples)[None] + result[0, 0])


def test_every_window_can_be_drawn():
    chance = random.Random(0)
    assert {pad_or_crop(torch.arange(5)[None], 3, chance)[0, 0].item() for _ in range(100)} == {0, 1, 2}


def test_published_stacks_have_the_published_sizes():
    mels = conditioning_mels([clip(9000), clip(140_000)], random.Random(0))
    assert mels.auto.shape == (1, 2, 80, 517)
    assert mels.diffusion.shape == (1, 2, 100, 401)


def test_crops_come_from_the_given_chance_alone():
    clips = [clip(140_000, seed) for seed in range(2)]
    random.seed(1)
    first = conditioning_mels(clips, random.Random(7))
    random.seed(2)
    again = conditioning_mels(clips, random.Random(7))
    other = conditioning_mels(clips, random.Random(8))
    assert torch.equal(first.auto, again.auto)
    assert not torch.equal(first.auto, other.auto)
    assert torch.equal(first.diffusion, other.diffusion)


def test_a_model_with_one_rate_uses_its_own_front_end():
    front_end = MelSpectrogram(CONFIG_24K)
    audio = clip(30_000)
    assert torch.equal(auto_mel(audio, random.Random(0), 30_000, front_end), front_end(audio))
    assert torch.equal(diffusion_mel(audio, 24_000, 30_000, front_end), MelSpectrogram24k()(audio))


def test_a_voice_needs_a_clip():
    with pytest.raises(AudioError, match="at least one"):
        conditioning_mels([], random.Random(0))
