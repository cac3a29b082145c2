"""Owns the normalisation layers that several networks share. Must not know the networks that use them."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from tortoise_core.errors import ConfigError

_FEWEST_GROUPS = 2  # exclusive: spec 3.0 asks for more than two groups


def group_count(channels: int) -> int:
    """Chooses the groups of a group norm over `channels` (spec 3.0).

    Raises `ConfigError` where no allowed number divides them.
    """
    groups = 8 if channels <= 16 else 16 if channels <= 64 else 32
    while channels % groups:
        groups //= 2
    if groups <= _FEWEST_GROUPS:
        raise ConfigError(f"no group norm fits {channels} channels: choose a multiple of 4")
    return groups


class GroupNorm(nn.GroupNorm):
    """Group norm with the published group rule, computed in float32 and cast back (spec 3.0).

    With a frame mask, statistics are taken over the real frames only, so that padding changes nothing.

    Shape: input (B, C, T), `frame_mask` (B, T) bool with True on real frames, output (B, C, T).
    """

    def __init__(self, channels: int) -> None:
        super().__init__(group_count(channels), channels, eps=1e-5)

    def forward(self, input: torch.Tensor, frame_mask: torch.Tensor | None = None) -> torch.Tensor:
        """Normalises (B, C, T), over real frames only where a mask is given."""
        x = input.float()
        if frame_mask is None:
            return F.group_norm(x, self.num_groups, self.weight.float(), self.bias.float(), self.eps).to(input.dtype)
        batch, channels, frames = x.shape
        grouped = x.view(batch, self.num_groups, channels // self.num_groups, frames)
        weight = frame_mask[:, None, None, :].float()
        count = weight.sum(dim=(2, 3), keepdim=True) * grouped.shape[2]
        mean = (grouped * weight).sum(dim=(2, 3), keepdim=True) / count
        variance = ((grouped - mean).square() * weight).sum(dim=(2, 3), keepdim=True) / count
        normed = ((grouped - mean) * torch.rsqrt(variance + self.eps)).view(batch, channels, frames)
        return (normed * self.weight.float()[:, None] + self.bias.float()[:, None]).to(input.dtype)


class RMSNorm(nn.Module):
    """Computes x / max(|x| / sqrt(dim), 1e-8) * g, without bias or mean (spec 3.0). Shape: (..., dim) to the same."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.scale = dim**-0.5
        self.g = nn.Parameter(torch.ones(dim))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Normalises the last dimension in float32, cast back to the type of `x`."""
        wide = x.float()
        norm = wide.norm(dim=-1, keepdim=True) * self.scale
        return (wide / norm.clamp(min=1e-8) * self.g.float()).to(x.dtype)
