import pytest
import torch

from tortoise_core.models.hifi_decoder import HifiDecoder, HifiDecoderConfig
from tortoise_core.nn.weight_norm import fold_weight_norm

SMALL = HifiDecoderConfig(latent_channels=12, channels=32)


@pytest.mark.parametrize(("codes", "frames"), [(1, 4), (10, 43), (23, 100)])
def test_length_follows_the_codes(codes, frames):
    decoder = HifiDecoder(SMALL).eval()
    wav = decoder(torch.randn(2, codes, 12), torch.randn(2, 12))
    assert wav.shape == (2, 1, frames * decoder.hop)
    assert wav.abs().max() <= 1


def test_the_voice_matters():
    decoder, latents = HifiDecoder(SMALL).eval(), torch.randn(1, 5, 12)
    one, other = decoder(latents, torch.zeros(1, 12)), decoder(latents, torch.ones(1, 12))
    assert (one - other).abs().max() > 1e-6


def test_folding_changes_nothing():
    decoder, inputs = HifiDecoder(SMALL).eval(), (torch.randn(1, 5, 12), torch.randn(1, 12))
    before = decoder(*inputs)
    fold_weight_norm(decoder)
    torch.testing.assert_close(decoder(*inputs), before, atol=1e-6, rtol=1e-4)


def test_published_network_has_its_236_tensors():
    with torch.device("meta"):
        assert len(HifiDecoder(HifiDecoderConfig()).state_dict()) == 236
