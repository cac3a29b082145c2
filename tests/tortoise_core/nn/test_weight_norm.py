"""Weight normalisation, its folding, and reflection padding."""

import pytest
import torch
from torch.nn import functional as F

from tortoise_core.nn.weight_norm import (
    WeightNormConv1d,
    WeightNormConvTranspose1d,
    fold_weight_norm,
    normalised_weight,
)

LAYERS = [
    lambda: WeightNormConv1d(4, 6, 3, padding=1),
    lambda: WeightNormConv1d(4, 6, 7, padding=3, reflect=True),
    lambda: WeightNormConvTranspose1d(4, 6, 8, stride=4, padding=2),
]


def test_each_output_kernel_has_its_magnitude():
    weight = normalised_weight(torch.tensor([2.0, 0.5]).view(2, 1, 1), torch.randn(2, 3, 5))
    torch.testing.assert_close(weight.flatten(1).norm(dim=1), torch.tensor([2.0, 0.5]))


@pytest.mark.parametrize("layer", LAYERS)
def test_folding_changes_keys_but_no_sample(layer):
    conv = layer()
    x = torch.randn(2, 4, 10)
    assert set(conv.state_dict()) == {"weight_g", "weight_v", "bias"}
    conv.weight_g.data.mul_(1.7)
    before = conv(x)
    fold_weight_norm(conv)
    fold_weight_norm(conv)
    assert set(conv.state_dict()) == {"weight", "bias"}
    torch.testing.assert_close(conv(x), before)


@pytest.mark.parametrize("layer", LAYERS)
def test_magnitude_and_direction_learn(layer):
    conv = layer()
    conv(torch.randn(1, 4, 10)).square().sum().backward()
    assert conv.weight_g.grad.abs().min() > 0
    assert conv.weight_v.grad.abs().max() > 0


def test_reflection_pads_with_mirrored_samples():
    conv = WeightNormConv1d(1, 1, 3, padding=1, reflect=True)
    x = torch.randn(1, 1, 5)
    weight = normalised_weight(conv.weight_g, conv.weight_v)
    expected = F.conv1d(F.pad(x, (1, 1), mode="reflect"), weight, conv.bias)
    torch.testing.assert_close(conv(x), expected)
