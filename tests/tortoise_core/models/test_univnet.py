"""UnivNet: its location-variable convolution against a loop, lengths, folding."""

import pytest
import torch

from tortoise_core.models.univnet import (
    SILENCE,
    SILENT_FRAMES,
    UnivNet,
    UnivNetConfig,
    location_variable_convolution,
    location_variable_convolution_reference,
)
from tortoise_core.nn.weight_norm import fold_weight_norm

SMALL = UnivNetConfig(noise_channels=6, channels=4, predictor_channels=8, mel_bands=10)


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return UnivNet(SMALL).eval()


@pytest.mark.parametrize("hop", [1, 4, 9])
def test_vectorised_convolution_equals_the_loop(hop):
    x = torch.randn(2, 3, 7 * hop)
    kernels = torch.randn(2, 3, 5, 3, 7)
    bias = torch.randn(2, 5, 7)
    fast = location_variable_convolution(x, kernels, bias)
    assert fast.shape == (2, 5, 7 * hop)
    torch.testing.assert_close(fast, location_variable_convolution_reference(x, kernels, bias), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("strides", [(8, 8, 4), (3, 5)])
def test_a_hop_of_samples_per_frame(strides):
    config = UnivNetConfig(noise_channels=6, channels=4, strides=strides, predictor_channels=8, mel_bands=10)
    wav = UnivNet(config)(torch.randn(2, 10, 9), torch.randn(2, 6, 9))
    assert wav.shape == (2, 1, 9 * config.hop)


def test_vocode_appends_silence_and_drops_it(model):
    mel = torch.randn(1, 10, 6)
    noise = torch.randn(1, 6, 6 + SILENT_FRAMES)
    padded = torch.cat([mel, torch.full((1, 10, SILENT_FRAMES), SILENCE)], dim=2)
    with torch.no_grad():
        expected = model(padded, noise)[..., : 6 * SMALL.hop]
    assert torch.equal(model.vocode(mel, noise), expected)


def test_folded_network_sounds_the_same(model):
    mel = torch.randn(1, 10, 6)
    noise = torch.randn(1, 6, 6 + SILENT_FRAMES)
    before = model.vocode(mel, noise)
    folded = UnivNet(SMALL).eval()
    folded.load_state_dict(model.state_dict())
    fold_weight_norm(folded)
    assert not any(key.endswith(("weight_g", "weight_v")) for key in folded.state_dict())
    torch.testing.assert_close(folded.vocode(mel, noise), before, atol=1e-5, rtol=1e-4)


def test_rows_of_a_batch_do_not_mix(model):
    mel = torch.randn(2, 10, 6)
    noise = torch.randn(2, 6, 6 + SILENT_FRAMES)
    both = model.vocode(mel, noise)
    torch.testing.assert_close(both[1:], model.vocode(mel[1:], noise[1:]), atol=1e-5, rtol=1e-4)


def test_published_network_has_its_132_tensors():
    with torch.device("meta"):
        assert len(UnivNet(UnivNetConfig()).state_dict()) == 132
