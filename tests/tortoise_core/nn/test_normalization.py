"""Normalisation by its formula: what keeps small signals small, and what padding leaves alone."""

import pytest
import torch

from tests.tortoise_core.nn.test_attention import randomised
from tortoise_core.errors import ConfigError
from tortoise_core.nn.normalization import GroupNorm, group_count


@pytest.mark.parametrize("size", [1.0, 3e-3])
@pytest.mark.parametrize("frames", [9, 5])
@torch.no_grad()
def test_group_norm_is_its_formula_with_and_without_padding(size, frames):
    norm = randomised(GroupNorm(24))
    x = size * torch.randn(1, 24, 9, generator=torch.Generator().manual_seed(1)) + size
    mask = torch.arange(9)[None] < frames
    groups = x[0, :, :frames].reshape(8, 3 * frames)
    centred = groups - groups.mean(1, keepdim=True)
    expected = (centred / (centred.square().mean(1, keepdim=True) + 1e-5).sqrt()).view(24, frames)
    expected = expected * norm.weight[:, None] + norm.bias[:, None]
    torch.testing.assert_close(norm(x, mask)[0, :, :frames], expected, atol=1e-4, rtol=1e-3)
    if frames == 9:
        torch.testing.assert_close(norm(x)[0], expected, atol=1e-4, rtol=1e-3)
    assert norm(x.bfloat16()).dtype == norm(x.bfloat16(), mask).dtype == torch.bfloat16


@pytest.mark.parametrize(
    ("channels", "groups"),
    [(8, 8), (16, 8), (20, 4), (24, 8), (48, 16), (64, 16), (68, 4), (72, 8), (128, 32), (100, 4)],
)
def test_groups_at_the_borders_of_their_rule(channels, groups):
    assert group_count(channels) == groups


@pytest.mark.parametrize("channels", [1, 2, 6, 10, 66])
def test_more_than_two_groups_are_needed(channels):
    with pytest.raises(ConfigError, match=f"no group norm fits {channels} channels: choose a multiple of 4"):
        group_count(channels)
