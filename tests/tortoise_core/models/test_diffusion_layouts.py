"""The padded layout against the packed one, operation by operation, and its statistics against float64."""

import pytest
import torch
from torch.nn import functional as F

from tortoise_core.models import diffusion_layouts
from tortoise_core.models.diffusion_layouts import PackedLayout, PaddedLayout
from tortoise_core.nn.attention import RelativePositionBias

LENGTHS = [17, 3, 30]
CHANNELS = 24


def layouts():
    return PackedLayout(LENGTHS, torch.float32), PaddedLayout(LENGTHS, torch.float32, torch.device("cpu"))


def rows(offset=0.0):
    generator = torch.Generator().manual_seed(3)
    return torch.randn(len(LENGTHS), CHANNELS, max(LENGTHS), generator=generator) + offset


def each(layout, x):
    """The rows of (frames, C) without their padding."""
    return [row[:, :length] for row, length in zip(layout.part(x), LENGTHS, strict=True)]


def assert_equal_rows(one, other, tolerance):
    for a, b in zip(one, other, strict=True):
        torch.testing.assert_close(a, b, atol=tolerance, rtol=tolerance)


@pytest.mark.parametrize("offset", [0.0, 30.0, -300.0])  # a mean far from zero is what padding with zeros could spoil
@pytest.mark.parametrize("silu", [True, False])
def test_group_norm_is_that_of_the_row_alone(offset, silu):
    weight = torch.linspace(0.5, 2, CHANNELS)
    bias = torch.linspace(-1, 1, CHANNELS)
    layout = layouts()[1]
    normed = each(layout, layout.normalised(layout.join(rows(offset)), 4, weight, bias, silu=silu))
    for row, x, length in zip(normed, rows(offset), LENGTHS, strict=True):
        exact = F.group_norm(x[None, :, :length].double(), 4, weight.double(), bias.double(), 1e-5)[0]
        exact = F.silu(exact) if silu else exact
        error = (row - exact).abs().max()
        assert error < 2e-6 + 1.5e-7 * offset**2, error  # torch's own norm of packed rows is several times as far off


def test_a_constant_row_stays_finite():
    for layout in layouts():
        x = layout.join(torch.full_like(rows(), 1000.0))
        normed = layout.normalised(x, 4, torch.ones(CHANNELS), torch.zeros(CHANNELS), silu=False)
        assert normed.isfinite().all()


@pytest.mark.parametrize("silu", [True, False])
@pytest.mark.parametrize("offset", [0.0, 3.0])
def test_a_norm_of_narrow_groups_is_that_of_wide_ones(silu, offset, monkeypatch):
    layout = PackedLayout(LENGTHS, torch.bfloat16)
    weight, bias = torch.randn(2, CHANNELS, generator=torch.Generator().manual_seed(4))
    x = layout.join(rows(offset))
    narrow = layout.normalised(x, 4, weight, bias, silu=silu, dtype=torch.float32)
    monkeypatch.setattr(diffusion_layouts, "_WIDE_GROUP", 1)
    wide = layout.normalised(x, 4, weight, bias, silu=silu, dtype=torch.float32)
    torch.testing.assert_close(narrow, wide, atol=1e-5 * (1 + offset), rtol=1e-4)
    assert not narrow.equal(wide)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_fused_attention_is_attention(dtype, monkeypatch):
    torch.manual_seed(1)
    positions = RelativePositionBias(2, 1.0)
    qkv = torch.randn(sum(LENGTHS), 3 * CHANNELS).to(dtype)
    layout = PackedLayout(LENGTHS, dtype)
    attended = []
    for fuses in (False, True):
        monkeypatch.setattr(diffusion_layouts, "_FUSES", fuses)
        with torch.no_grad():
            attended.append(layout.attend(qkv, 2, layout.position_bias(positions)))
    tolerance = 1e-5 if dtype == torch.float32 else 0.02
    torch.testing.assert_close(*attended, atol=tolerance, rtol=tolerance)


def test_neighbours_and_attention_stay_within_their_row():
    torch.manual_seed(1)
    positions = RelativePositionBias(2, 1.0)
    packed, padded = layouts()
    qkv = torch.randn(len(LENGTHS), 3 * CHANNELS, max(LENGTHS))
    with torch.no_grad():
        tapped = [each(layout, layout.taps(layout.join(rows()))) for layout in (packed, padded)]
        attended = [
            each(layout, layout.attend(layout.join(qkv), 2, layout.position_bias(positions)))
            for layout in (packed, padded)
        ]
    assert_equal_rows(*tapped, 0)
    assert_equal_rows(*attended, 1e-5)
