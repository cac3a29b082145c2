"""Waveforms that are held to a mel."""

import pytest
import torch

from tortoise_core.audio.mel import MelSpectrogram24k
from tortoise_core.audio.mel_consistency import MelConsistency

LENGTH = 24 * 1024


@pytest.fixture
def recording():
    """Harmonics that swell and fade twice, a click, and silence at the end."""
    time = torch.arange(LENGTH) / 24_000
    wave = sum(torch.sin(2 * torch.pi * 140 * k * time) / k for k in range(1, 40))
    wave = 0.1 * wave * torch.sin(2 * torch.pi * time).square()
    wave[9_000:9_020] += 0.2
    wave[-6_000:] = 0
    return wave[None]


def mel_of(wave):
    return MelSpectrogram24k()(wave)[..., :-1]


def distance(wave, mel):
    return float((mel_of(wave) - mel).abs().mean())


def test_each_iteration_comes_nearer(recording):
    generator = torch.Generator().manual_seed(0)
    other = recording.roll(700, 1) + 0.002 * torch.randn(recording.shape, generator=generator)
    mel = mel_of(recording)
    errors = [distance(MelConsistency()(other, mel, iterations), mel) for iterations in (0, 1, 4, 16)]
    assert errors == sorted(errors, reverse=True) and errors[-1] < 0.5 * errors[0]


def test_what_has_its_mel_already_stays(recording):
    kept = MelConsistency()(recording, mel_of(recording), 4)
    torch.testing.assert_close(kept, recording, atol=1e-4, rtol=0)


def test_pauses_become_silent(recording):
    mel = mel_of(recording)
    noisy = recording + 1e-3 * torch.randn(recording.shape, generator=torch.Generator().manual_seed(1))
    pause = slice(LENGTH - 4_500, LENGTH)
    assert MelConsistency()(noisy, mel, 8)[0, pause].square().mean() < 0.01 * noisy[0, pause].square().mean()


def test_rows_of_a_batch_do_not_touch(recording):
    rows = torch.cat([recording.flip(1), 0.5 * recording])
    mels = mel_of(torch.cat([recording, recording]))
    together = MelConsistency()(rows, mels, 3)
    for row in (0, 1):
        torch.testing.assert_close(
            MelConsistency()(rows[row : row + 1], mels[row : row + 1], 3)[0], together[row], atol=1e-5, rtol=1e-4
        )
