"""The HiFi-GAN decoder: lengths, voice, folding, and how far a frame hears."""

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
    decoder = HifiDecoder(SMALL).eval()
    latents = torch.randn(1, 5, 12)
    one = decoder(latents, torch.zeros(1, 12))
    other = decoder(latents, torch.ones(1, 12))
    assert (one - other).abs().max() > 1e-6


def test_folding_changes_nothing():
    decoder = HifiDecoder(SMALL).eval()
    inputs = (torch.randn(1, 5, 12), torch.randn(1, 12))
    before = decoder(*inputs)
    fold_weight_norm(decoder)
    torch.testing.assert_close(decoder(*inputs), before, atol=1e-6, rtol=1e-4)


def test_published_network_has_its_236_tensors():
    with torch.device("meta"):
        assert len(HifiDecoder(HifiDecoderConfig()).state_dict()) == 236


def test_settled_frames_do_not_change_when_latents_follow():
    decoder = HifiDecoder(SMALL).eval()
    latents = torch.randn(1, 30, 12)
    whole = decoder.stretch(latents)
    for codes in range(1, 30):
        settled = decoder.settled_frames(codes)
        assert torch.equal(decoder.stretch(latents[:, :codes])[..., :settled], whole[..., :settled])
        assert settled >= 4 * codes - 4 or codes < 3


@torch.inference_mode()
def test_a_frame_hears_its_context_and_nothing_beyond():
    decoder = HifiDecoder(SMALL).eval()
    latents = torch.randn(1, 40, 12)
    voice = torch.randn(1, 12)
    frames = decoder.stretch(latents)
    frame = 80
    plain = decoder.speak(frames, voice)
    for reach, heard in ((decoder.config.context + 1, False), (decoder.config.context // 2, True)):
        for direction in (-1, 1):
            other = frames.clone()
            other[..., frame + direction * reach] += 100.0
            changed = (decoder.speak(other, voice) - plain)[..., frame * decoder.hop : (frame + 1) * decoder.hop]
            assert bool(changed.abs().max() > 0) == heard, (reach, direction)
