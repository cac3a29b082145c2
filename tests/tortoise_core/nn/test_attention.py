"""The attention block against an obvious loop, and its padding guarantees."""

import pytest
import torch

from tortoise_core.errors import ConfigError
from tortoise_core.nn.attention import AttentionBlock, relative_position_bucket
from tortoise_core.nn.normalization import GroupNorm, RMSNorm, group_count


def randomised(module: torch.nn.Module, seed: int = 0) -> torch.nn.Module:
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.normal_(0, 0.3, generator=generator)
    return module.eval()


def attend_slowly(block: AttentionBlock, x: torch.Tensor) -> torch.Tensor:
    """Spec 3.0, one query/key pair at a time."""
    _, channels, frames = x.shape
    width = channels // block.heads
    qkv = block.qkv(torch.nn.functional.group_norm(x, block.norm.num_groups, block.norm.weight, block.norm.bias))
    out = torch.zeros_like(x)
    for head in range(block.heads):
        q, k, v = qkv[:, 3 * width * head : 3 * width * (head + 1)].split(width, dim=1)
        logits = torch.einsum("bci,bcj->bij", q, k) / width**0.5
        if block.relative_pos_embeddings is not None:
            table = block.relative_pos_embeddings.relative_attention_bias.weight
            for i in range(frames):
                for j in range(frames):
                    logits[:, i, j] += width**0.5 * table[relative_position_bucket(torch.tensor(j - i)), head]
        out[:, width * head : width * (head + 1)] = torch.einsum("bij,bcj->bci", logits.softmax(-1), v)
    return x + block.proj_out(out)


@pytest.mark.parametrize(
    ("channels", "heads", "frames"), [(32, 4, 20), (80, 5, 9), (96, 3, 70), (36, 3, 1), (20, 1, 2)]
)
@pytest.mark.parametrize("relative", [False, True])
@torch.no_grad()
def test_block_equals_obvious_loop(relative, channels, heads, frames):
    block = randomised(AttentionBlock(channels, heads, relative_positions=relative))
    x = torch.randn(2, channels, frames, generator=torch.Generator().manual_seed(1))
    difference = (block(x) - attend_slowly(block, x)).abs().max()
    assert difference < 1e-5, difference
    assert (block(x) - x).abs().max() > 0.1


@pytest.mark.parametrize("relative", [False, True])
@torch.no_grad()
def test_padding_frames_change_nothing(relative):
    block = randomised(AttentionBlock(32, 4, relative_positions=relative))
    x = torch.randn(2, 32, 50, generator=torch.Generator().manual_seed(2))
    mask = torch.arange(50).expand(2, 50) < torch.tensor([[50], [31]])
    padded = block(x, mask)
    for row, frames in enumerate([50, 31]):
        difference = (padded[row, :, :frames] - block(x[row : row + 1, :, :frames])[0]).abs().max()
        assert difference < 1e-5, difference


def test_block_starts_as_identity_and_rejects_uneven_heads():
    x = torch.randn(1, 32, 7)
    assert torch.equal(AttentionBlock(32, 4)(x), x)
    with pytest.raises(ConfigError, match="5 attention heads"):
        AttentionBlock(32, 5)


def test_relative_buckets_at_the_edges():
    distances = torch.tensor([0, -1, -7, -8, -63, -64, -1000, 1, 7, 8, 64, 1000])
    assert relative_position_bucket(distances).tolist() == [0, 1, 7, 8, 15, 15, 15, 17, 23, 24, 31, 31]


def test_relative_buckets_at_every_distance():
    """Spec 3.0 in whole numbers: 8 + floor(8 log(n/8) / log 8) is the largest b with 8 * 2^(3 (b - 8) / 8) <= n."""
    for distance in range(-2000, 2001):
        n = abs(distance)
        bucket = n if n < 8 else max(b for b in range(8, 16) if 8**8 * 2 ** (3 * (b - 8)) <= n**8)
        expected = bucket + 16 * (distance > 0)
        assert relative_position_bucket(torch.tensor(distance)).item() == expected, distance


@pytest.mark.parametrize(
    ("channels", "groups"),
    [(12, 4), (20, 4), (80, 16), (160, 32), (16, 8), (32, 16), (64, 16), (96, 32), (144, 16), (1024, 32)],
)
def test_group_rule(channels, groups):
    assert group_count(channels) == groups
    assert GroupNorm(channels).num_groups == groups


def test_group_rule_refuses_channels_without_groups():
    with pytest.raises(ConfigError, match="7 channels"):
        group_count(7)


def test_rms_norm_does_not_magnify_silence():
    norm = RMSNorm(4)
    torch.testing.assert_close(norm(torch.full((1, 4), 1e-9)), torch.full((1, 4), 0.1))  # divided by the floor, 1e-8
    torch.testing.assert_close(norm(torch.full((1, 4), 1e-7)), torch.ones(1, 4))


def test_rms_norm_has_unit_mean_square_and_no_shift():
    x = torch.randn(3, 5, 48) + 4
    assert torch.allclose(RMSNorm(48)(x).square().mean(-1), torch.ones(3, 5), atol=1e-5)
