"""The ConvNeXt block against its formula, and its padding guarantee."""

import pytest
import torch

from tests.tortoise_core.nn.test_attention import randomised
from tortoise_core.nn.convnext import KERNEL, ConvNeXtBlock


def run_slowly(block, x):
    """One frame at a time: seven neighbours of its own channel, layer norm, GELU between two projections, scaled."""
    state = block.state_dict()
    frames = len(x)
    out = x.clone()
    for frame in range(frames):
        y = state["depthwise.bias"].clone()
        for tap in range(7):
            at = frame + tap - 3
            if 0 <= at < frames:
                y += state["depthwise.weight"][:, 0, tap] * x[at]
        centred = y - y.mean()
        y = centred / (centred.square().mean() + 1e-6).sqrt() * state["norm.weight"] + state["norm.bias"]
        h = state["expand.weight"] @ y + state["expand.bias"]
        h = h * (1 + torch.erf(h / 2**0.5)) / 2
        out[frame] += state["scale"] * (state["contract.weight"] @ h + state["contract.bias"])
    return out


@pytest.mark.parametrize("size", [1.0, 1e-3])
@torch.no_grad()
def test_the_block_is_its_formula(size):
    block = randomised(ConvNeXtBlock(6, 10, 4))
    block.depthwise.bias.zero_()
    x = size * torch.randn(2, 9, 6, generator=torch.Generator().manual_seed(1))
    for row in range(2):
        torch.testing.assert_close(block(x)[row], run_slowly(block, x[row]), atol=1e-4, rtol=1e-3)


@torch.no_grad()
def test_padding_changes_nothing():
    block = randomised(ConvNeXtBlock(6, 10, 4))
    x = torch.randn(2, 9, 6, generator=torch.Generator().manual_seed(2))
    mask = torch.arange(9) < torch.tensor([[9], [5]])
    torch.testing.assert_close(block(x, mask)[1, :5], block(x[1:, :5])[0], atol=1e-5, rtol=1e-5)


def test_a_stack_of_blocks_begins_as_their_mean():
    assert KERNEL == 7
    assert torch.equal(ConvNeXtBlock(6, 10, 4).scale.detach(), torch.full((6,), 0.25))
