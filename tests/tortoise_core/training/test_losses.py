"""Losses of vocoders, at values that can be worked out by hand."""

import pytest
import torch

from tortoise_core.training.losses import discriminator_loss, feature_loss, generator_loss, multi_resolution_stft_loss

ONE = [torch.ones(2, 3)]
ZERO = [torch.zeros(2, 3)]


def test_discriminators_are_right_where_speech_is_one_and_the_vocoder_zero():
    assert discriminator_loss(ONE, ZERO) == 0
    assert discriminator_loss(ZERO, ONE) == 2
    assert discriminator_loss([*ONE, *ZERO], [*ZERO, *ONE]) == 1  # the mean over discriminators


def test_the_vocoder_is_right_where_it_is_scored_one():
    assert generator_loss(ONE) == 0 and generator_loss(ZERO) == 1
    assert generator_loss([*ONE, *ZERO]) == 0.5


def test_features_are_compared_by_their_distance_and_speech_gets_no_gradient():
    real = torch.ones(2, 3, requires_grad=True)
    fake = torch.full((2, 3), -2.0, requires_grad=True)
    loss = feature_loss([real, real], [fake, fake])
    assert loss.item() == 3
    loss.backward()
    assert real.grad is None and fake.grad is not None


def test_the_spectral_loss_of_a_copy_is_nothing_and_of_one_half_as_loud_is_known():
    wav = torch.randn(1, 8192, generator=torch.Generator().manual_seed(0))
    assert multi_resolution_stft_loss(wav, wav).item() == pytest.approx(0, abs=1e-6)
    halved = multi_resolution_stft_loss(wav / 2, wav).item()
    assert halved == pytest.approx(0.5 + 0.6931, abs=1e-3)  # convergence, and the logarithm of two
