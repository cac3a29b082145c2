"""The diffusion network: shapes, padding, gradients, precision."""

import dataclasses
import math

import numpy as np
import pytest
import torch

from tortoise_core.errors import ConfigError
from tortoise_core.models.diffusion_decoder import (
    DiffusionDecoder,
    DiffusionDecoderConfig,
    stretch,
    timestep_embedding,
    timestep_frequencies,
)

MINI = DiffusionDecoderConfig(
    model_channels=32,
    layers=2,
    final_res_blocks=1,
    in_channels=12,
    out_channels=12,
    in_latent_channels=20,
    in_tokens=50,
    heads=2,
    converter_blocks=1,
    conditioner_blocks=1,
    contextual_blocks=1,
    integrator_layers=1,
    ff_mult=2,
    code_rate_hz=24000,
)


def randomised(config, seed=0):
    """A network in which nothing is at its zero initialisation, so that every weight matters."""
    torch.manual_seed(seed)
    model = DiffusionDecoder(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape))
    return model


@pytest.mark.parametrize(("codes", "frames"), [(1, 4), (10, 43), (100, 435), (450, 1959), (500, 2176)])
def test_frames_of_the_published_model(codes, frames):
    assert DiffusionDecoderConfig().frames(codes) == frames


def test_frames_are_four_per_code_at_a_single_rate():
    assert [MINI.frames(codes) for codes in (1, 10, 499)] == [4, 40, 1996]


def test_a_strange_output_width_is_refused():
    with pytest.raises(ConfigError, match="out_channels 13"):
        dataclasses.replace(MINI, out_channels=13)


@pytest.mark.parametrize("learned_variance", [True, False])
def test_shapes_from_codes_and_from_latents(learned_variance):
    config = dataclasses.replace(MINI, out_channels=24 if learned_variance else 12)
    model = randomised(config)
    voice = model.conditioning_latent(torch.randn(2, 3, 12, 30))
    assert voice.shape == (2, 64)
    for aligned in (torch.randn(2, 7, 20), torch.randint(0, 50, (2, 7))):
        embedding = model.timestep_independent(aligned, voice, 28)
        out = model(torch.randn(2, 12, 28), torch.tensor([0, 3999]), embedding)
        assert embedding.shape == (2, 32, 28)
        assert model.surrogate_mel(embedding).shape == (2, 12, 28)
        assert out.shape == (2, config.out_channels, 28)


def test_feed_forward_blocks_start_as_identity():
    torch.manual_seed(0)
    plain = DiffusionDecoder(dataclasses.replace(MINI, ff_mult=0)).eval()
    with_blocks = DiffusionDecoder(MINI).eval()
    torch.nn.init.normal_(plain.out[2].weight)  # at zero it would hide any difference
    missing = with_blocks.load_state_dict(plain.state_dict(), strict=False).missing_keys
    assert missing
    assert all(".ff." in key for key in missing)
    embedding = torch.randn(1, 32, 8)
    x = torch.randn(1, 12, 8)
    t = torch.tensor([5])
    torch.testing.assert_close(with_blocks(x, t, embedding), plain(x, t, embedding))


@pytest.mark.parametrize("guesses", [False, True])
def test_a_padded_batch_equals_its_rows_alone(guesses):
    model = randomised(dataclasses.replace(MINI, guess=guesses, surrogate_blocks=2 if guesses else 0))
    guess = torch.randn(2, 12, 36) if guesses else None
    codes = [9, 5]
    frames = [36, 20]
    latents = torch.randn(2, 9, 20)
    x = torch.randn(2, 12, 36)
    t = torch.tensor([17, 2900])
    clips = torch.randn(2, 12, 41)
    clip_frames = [41, 26]
    clip_mask = torch.arange(41) < torch.tensor(clip_frames)[:, None]
    code_mask = torch.arange(9) < torch.tensor(codes)[:, None]
    frame_mask = torch.arange(36) < torch.tensor(frames)[:, None]
    voice = model.conditioning_latent(clips, clip_mask)
    shared = model.timestep_independent(latents, voice, 36, aligned_mask=code_mask, frame_mask=frame_mask, guess=guess)
    batched = model(x, t, shared, frame_mask)
    unguided = model(x, t, model.unconditioned(2, 36, frame_mask), frame_mask)
    for row, (m, s, c) in enumerate(zip(codes, frames, clip_frames, strict=True)):
        one = slice(row, row + 1)
        alone_voice = model.conditioning_latent(clips[one, :, :c])
        alone_guess = None if guess is None else guess[one, :, :s]
        alone = model.timestep_independent(latents[one, :m], alone_voice, s, guess=alone_guess)
        torch.testing.assert_close(voice[one], alone_voice, atol=1e-4, rtol=1e-4)
        torch.testing.assert_close(shared[one, :, :s], alone, atol=1e-4, rtol=1e-4)
        surrogate = model.surrogate_mel(shared, frame_mask)
        torch.testing.assert_close(surrogate[one, :, :s], model.surrogate_mel(alone), atol=1e-4, rtol=1e-4)
        torch.testing.assert_close(batched[one, :, :s], model(x[one, :, :s], t[one], alone), atol=1e-4, rtol=1e-4)
        alone_unguided = model(x[one, :, :s], t[one], model.unconditioned(1, s))
        torch.testing.assert_close(unguided[one, :, :s], alone_unguided, atol=1e-4, rtol=1e-4)


def test_padding_is_never_seen():
    model = randomised(MINI)
    mask = torch.arange(12) < 7
    x = torch.randn(1, 12, 12)
    embedding = torch.randn(1, 32, 12)
    t = torch.tensor([9])
    other = torch.where(mask, x, torch.full_like(x, 1e3))
    torch.testing.assert_close(
        model(x, t, embedding, mask[None])[..., :7], model(other, t, embedding, mask[None])[..., :7]
    )


def test_a_network_that_hears_a_guess_needs_one_and_listens():
    model = randomised(dataclasses.replace(MINI, guess=True))
    latents = torch.randn(1, 5, 20)
    voice = torch.randn(1, 64)
    guess = torch.randn(1, 12, 20)
    with pytest.raises(ConfigError, match="first guess"):
        model.timestep_independent(latents, voice, 20)
    heard = model.timestep_independent(latents, voice, 20, guess=guess)
    assert (heard - model.timestep_independent(latents, voice, 20, guess=-guess)).abs().max() > 1e-2


@pytest.mark.parametrize("lengths", [(1, 4), (7, 28), (10, 43), (23, 100), (100, 435), (450, 1959), (500, 2176)])
def test_stretch_equals_torch_interpolation(lengths):
    m, s = lengths
    x = torch.randn(2, 3, m)
    fast = stretch(x, torch.full((2,), m), torch.full((2,), s), s)
    assert torch.equal(fast, torch.nn.functional.interpolate(x, size=s, mode="nearest"))


@pytest.mark.parametrize("codes", [1, 2, 3, 5, 29, 604])
def test_stretch_gives_every_row_of_a_batch_its_own_ratio(codes):
    lengths = torch.arange(1, codes + 1)
    frames = torch.tensor([DiffusionDecoderConfig().frames(int(length)) for length in lengths])
    x = torch.arange(codes).float().expand(codes, 1, codes)
    stretched = stretch(x, lengths, frames, int(frames.max()))
    for row, (m, s) in enumerate(zip(lengths.tolist(), frames.tolist(), strict=True)):
        alone = torch.nn.functional.interpolate(x[row : row + 1, :, :m], size=s, mode="nearest")
        assert torch.equal(stretched[row, :, :s], alone[0]), (m, s)


def plain_frequencies(width):
    """The published formula, one float32 operation after another, and each its own way to the exponential."""
    logarithm = np.float32(-math.log(10000))
    half = np.float32(width // 2)
    exponents = [logarithm * np.float32(i) / half for i in range(width // 2)]
    return torch.tensor([float(exponent) for exponent in exponents]).exp()


@pytest.mark.parametrize("width", [16, 64, 80, 96, 144, 160, 192, 320, 1024])
def test_timestep_frequencies_are_the_published_ones_bit_for_bit(width):
    assert torch.equal(timestep_frequencies(width // 2), plain_frequencies(width))


@pytest.mark.parametrize("width", [64, 80, 96, 1024])
def test_timestep_embedding_at_every_timestep(width):
    t = torch.arange(4000)
    angles = (t.float()[:, None] * plain_frequencies(width)).double()  # the products are float32, what follows is exact
    expected = torch.cat([angles.cos(), angles.sin()], dim=1)
    difference = (timestep_embedding(t, width) - expected).abs().max()
    assert difference < 2e-7, difference


def test_timestep_embedding_starts_with_cosines():
    embedding = timestep_embedding(torch.tensor([0]), 8)
    assert embedding.tolist() == [[1, 1, 1, 1, 0, 0, 0, 0]]


def test_layer_drop_happens_in_training_only():
    model = randomised(dataclasses.replace(MINI, layer_drop=1.0))
    x = torch.randn(1, 12, 8)
    t = torch.tensor([5])
    embedding = torch.randn(1, 32, 8)
    whole = model(x, t, embedding)
    model.train()
    dropped = model(x, t, embedding)
    del model.layers[1:-1]
    torch.testing.assert_close(model(x, t, embedding), dropped)
    assert (whole - dropped).abs().max() > 1e-3


def test_gradients_reach_every_parameter():
    model = randomised(dataclasses.replace(MINI, layer_drop=0.0, surrogate_blocks=1)).train()
    voice = model.conditioning_latent(torch.randn(2, 12, 20))
    loss = torch.zeros(())
    for aligned in (torch.randn(2, 4, 20), torch.randint(0, 50, (2, 4))):
        conditioned = model.timestep_independent(aligned, voice, 16)
        embedding = torch.where(torch.tensor([True, False])[:, None, None], model.unconditioned(2, 16), conditioned)
        loss = loss + model(torch.randn(2, 12, 16), torch.tensor([1, 2]), embedding).square().mean()
        loss = loss + model.surrogate_mel(embedding).square().mean()
    loss.backward()
    assert [name for name, p in model.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0] == []


def test_bfloat16_autocast_stays_close_and_returns_float32():
    model = randomised(MINI)
    x = torch.randn(1, 12, 16)
    t = torch.tensor([100])
    embedding = torch.randn(1, 32, 16)
    mask = torch.ones(1, 16, dtype=torch.bool)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        low = model(x, t, embedding, mask)
    exact = model(x, t, embedding, mask)
    assert low.dtype == torch.float32
    assert (low - exact).abs().mean() < 0.05 * exact.std()
