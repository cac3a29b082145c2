"""Owns the encodings of a token's position. Must not know the tokens."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

_BASE = 10_000.0


def inverse_frequencies(dim: int) -> torch.Tensor:
    """Computes the angular speeds of rotary and sinusoidal positions, 10000^(-2j/dim) for j = 0..dim/2-1 (spec 3.0).

    Shape: float32 (dim / 2,).
    """
    # The reciprocal of the power, not the power of the negative: every fourth value is rounded otherwise, and published
    # files store these.
    return 1 / _BASE ** (torch.arange(0, dim, 2).float() / dim)


@dataclass(frozen=True, eq=False)
class RotaryTable:
    """The cosines and sines of rotary angles, to rotate attention heads by. Shape of both: (B or 1, 1, T, dim)."""

    cos: torch.Tensor
    sin: torch.Tensor

    @classmethod
    def at(cls, positions: torch.Tensor, frequencies: torch.Tensor) -> RotaryTable:
        """Computes the table of `positions` (B or 1, T) for `frequencies` (dim/2,)."""
        angles = positions[:, None, :, None].float() * frequencies.float()
        angles = torch.cat([angles, angles], dim=-1)
        return cls(angles.cos(), angles.sin())

    def rotate(self, x: torch.Tensor) -> torch.Tensor:
        """Rotates the first `dim` channels of x (B, H, T, D) in half-split pairs; the others stay (spec 3.0)."""
        dim = self.cos.shape[-1]
        turned = x[..., :dim]
        first, second = turned.chunk(2, dim=-1)
        rotated = (turned * self.cos + torch.cat([-second, first], dim=-1) * self.sin).to(x.dtype)
        return rotated if dim == x.shape[-1] else torch.cat([rotated, x[..., dim:]], dim=-1)


class LearnedPositions(nn.Module):
    """A table of absolute positions, as in the published model. Shape: int64 (...) to (..., width)."""

    def __init__(self, length: int, width: int) -> None:
        super().__init__()
        self.limit: int | None = length
        self.emb = nn.Embedding(length, width)

    def forward(self, positions: torch.Tensor) -> torch.Tensor:
        """Looks positions up; they must be below `limit`."""
        return self.emb(positions)


class SinusoidalPositions(nn.Module):
    """Fixed sines and cosines (Vaswani et al. 2017, 3.5) times one learned scalar; no length limit.

    Shape: int64 (...) to (..., width), sines in the first half of the channels.
    """

    frequencies: torch.Tensor  # (width / 2,)

    def __init__(self, width: int, initial_scale: float) -> None:
        super().__init__()
        self.limit: int | None = None
        self.scale = nn.Parameter(torch.tensor(initial_scale))
        self.register_buffer("frequencies", inverse_frequencies(width), persistent=False)

    def forward(self, positions: torch.Tensor) -> torch.Tensor:
        """Computes the sinusoids of positions."""
        angles = positions[..., None].float() * self.frequencies
        return torch.cat([angles.sin(), angles.cos()], dim=-1) * self.scale
