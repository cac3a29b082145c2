"""The dVAE: lengths, codebook, and how gradients pass it."""

import math

import pytest
import torch

from tortoise_core.errors import ConfigError
from tortoise_core.models.dvae import DiscreteVAE, DiscreteVAEConfig, Quantizer

TINY = DiscreteVAEConfig(channels=10, hidden=8, res_blocks=1, codes=12, code_dim=4)


@pytest.mark.parametrize("frames", [1, 2, 3, 4, 5, 118, 862])
def test_codes_are_a_quarter_of_the_frames_rounded_up_twice(frames):
    torch.manual_seed(0)
    codes = DiscreteVAE(TINY).eval().encode(torch.randn(2, 10, frames))
    assert codes.shape == (2, math.ceil(math.ceil(frames / 2) / 2))


def test_decoding_its_own_codes_is_the_reconstruction():
    torch.manual_seed(0)
    model = DiscreteVAE(TINY).eval()
    mel = torch.randn(2, 10, 16)
    with torch.no_grad():
        output = model(mel)
        decoded = model.decode(model.encode(mel))
    torch.testing.assert_close(output.reconstruction, decoded, atol=1e-5, rtol=0)
    torch.testing.assert_close(output.reconstruction_loss, (decoded - mel).square().mean())


def test_shift_and_scale_undo_each_other():
    torch.manual_seed(0)
    plain = DiscreteVAE(TINY).eval()
    shifted = DiscreteVAE(DiscreteVAEConfig(**{**vars(TINY), "mel_shift": -6.0, "mel_scale": 3.0})).eval()
    shifted.load_state_dict(plain.state_dict())
    mel = torch.randn(1, 10, 8)
    torch.testing.assert_close(shifted.encode(mel * 3 - 6), plain.encode(mel))
    torch.testing.assert_close(shifted.decode(torch.tensor([[1, 2]])), plain.decode(torch.tensor([[1, 2]])) * 3 - 6)


def test_normalised_codes_compare_directions():
    torch.manual_seed(0)
    quantizer = Quantizer(4, 12, 0.99, normalize=True).eval()
    torch.testing.assert_close(quantizer.embed.norm(dim=0), torch.ones(12))
    z = quantizer.embed.T[None]
    _, commitment, codes = quantizer(7 * z)
    assert codes[0].tolist() == list(range(12))
    assert commitment < 1e-10


def test_the_codebook_follows_its_vectors_in_training_alone():
    torch.manual_seed(0)
    quantizer = Quantizer(4, 12, 0.5, normalize=False)
    before = quantizer.embed.clone()
    z = quantizer.embed.T[None, :3] + 0.3
    quantizer.eval()(z)
    assert torch.equal(quantizer.embed, before)
    quantizer.train()
    for _ in range(30):
        quantizer(z)
    error = (quantizer.lookup(quantizer.nearest(z[0])) - z[0]).abs().max()
    assert error < 1e-2


def test_one_step_of_the_codebook_is_the_hand_computed_one():
    """Spec 3.9: averages decay by 0.75, sizes are smoothed by (n + eps) / (N + codes * eps) * N."""
    quantizer = Quantizer(1, 3, 0.75, normalize=False).train()
    quantizer.embed.copy_(torch.tensor([[0.0, 10.0, 20.0]]))
    quantizer.embed_avg.copy_(torch.tensor([[0.0, 20.0, 0.0]]))
    quantizer.cluster_size.copy_(torch.tensor([4.0, 2.0, 0.0]))
    quantizer(torch.tensor([[[1.0], [2.0], [11.0]]]))
    sizes = [0.75 * 4 + 0.25 * 2, 0.75 * 2 + 0.25 * 1, 0.0]
    sums = [0.25 * (1 + 2), 0.75 * 20 + 0.25 * 11, 0.0]
    smoothed = [(size + 1e-5) / (sum(sizes) + 3e-5) * sum(sizes) for size in sizes]
    torch.testing.assert_close(quantizer.cluster_size, torch.tensor(sizes))
    torch.testing.assert_close(quantizer.embed_avg[0], torch.tensor(sums))
    torch.testing.assert_close(quantizer.embed[0], torch.tensor(sums) / torch.tensor(smoothed), rtol=1e-6, atol=0)
    # A code that was never used is where smoothing shows: its size becomes nearly eps, not eps / N.
    quantizer.embed_avg[0, 2] = 1.0
    quantizer(torch.tensor([[[1.0]]]))
    size = float(quantizer.cluster_size.sum())
    expected = 0.75 / (1e-5 / (size + 3e-5) * size)
    assert quantizer.embed[0, 2].item() == pytest.approx(expected, rel=1e-5)


def test_the_reconstruction_loss_is_measured_in_normalised_units():
    torch.manual_seed(0)
    plain = DiscreteVAE(TINY).eval()
    scaled = DiscreteVAE(DiscreteVAEConfig(**{**vars(TINY), "mel_scale": 3.0})).eval()
    scaled.load_state_dict(plain.state_dict())
    mel = torch.randn(1, 10, 8)
    torch.testing.assert_close(scaled(3 * mel).reconstruction_loss, plain(mel).reconstruction_loss)


def test_the_gradient_passes_straight_through():
    quantizer = Quantizer(4, 12, 0.99, normalize=False).eval()
    z = torch.randn(1, 5, 4, requires_grad=True)
    quantized, _, _ = quantizer(z)
    quantized.sum().backward()
    torch.testing.assert_close(z.grad, torch.ones_like(z))


def test_unused_codes_are_seeded_anew():
    torch.manual_seed(0)
    quantizer = Quantizer(4, 12, 0.99, normalize=False)
    quantizer.cluster_size[:5] = 1.0
    vectors = torch.randn(50, 4) + 10
    assert quantizer.revive(vectors, threshold=0.1) == 7
    assert (quantizer.embed[:, 5:].T[:, None] == vectors[None]).all(-1).any(1).all()
    assert quantizer.revive(vectors, threshold=0.1) == 0
    # The averages agree with the new codes, or the next step would move these away.
    torch.testing.assert_close(quantizer.embed_avg[:, 5:] / quantizer.cluster_size[5:], quantizer.embed[:, 5:])


def test_sizes_that_cannot_be_built_are_refused():
    with pytest.raises(ConfigError, match="odd kernel"):
        DiscreteVAE(DiscreteVAEConfig(kernel=4))
