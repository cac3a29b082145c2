"""Owns the convolutional attention block of the published networks. Must not know the networks that use it."""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional as F

from tortoise_core.errors import ConfigError
from tortoise_core.nn.normalization import GroupNorm

_BUCKETS = 32
_MAX_DISTANCE = 64


def relative_position_bucket(distance: torch.Tensor) -> torch.Tensor:
    """Sorts distances, key position minus query position, into T5 buckets (spec 3.0).

    Bidirectional, 32 buckets, largest distance 64.

    Shape: int64 of any shape to int64 of the same shape, values 0..31.
    """
    half = _BUCKETS // 2  # one half of the buckets for earlier keys, the other for later ones
    exact = half // 2  # distances below this have a bucket of their own
    offset = (distance > 0).long() * half
    size = distance.abs()
    ratio = torch.log(size.clamp(min=1).float() / exact) / math.log(_MAX_DISTANCE / exact)
    coarse = (exact + (ratio * (half - exact)).long()).clamp(max=half - 1)
    return offset + torch.where(size < exact, size, coarse)


class RelativePositionBias(nn.Module):
    """A learned bias per head and T5 distance bucket, added to attention logits (spec 3.0).

    Shape: frames T to (H, T, T), indexed [head, query, key].
    """

    def __init__(self, heads: int, scale: float) -> None:
        super().__init__()
        self.scale = scale
        self.relative_attention_bias = nn.Embedding(_BUCKETS, heads)

    def forward(self, frames: int) -> torch.Tensor:
        """Computes the bias of every query/key pair among `frames` positions."""
        # A Toeplitz matrix: look up the 2T-1 distances once, then spread them. Sliding windows are its rows, last query
        # first; indexing by distance gives the same, eight times slower, and more so backwards.
        return self.per_distance(frames).unfold(1, frames, 1).flip(1)

    def per_distance(self, frames: int) -> torch.Tensor:
        """Computes the bias of each distance, key minus query position, from 1 - T to T - 1. Shape: (H, 2T - 1)."""
        distances = torch.arange(1 - frames, frames, device=self.relative_attention_bias.weight.device)
        return (self.relative_attention_bias(relative_position_bucket(distances)).T * self.scale).contiguous()


class AttentionBlock(nn.Module):
    """Group norm, self-attention over time, residual add (spec 3.0). The output projection starts at zero.

    Shape: x (B, C, T), `frame_mask` (B, T) bool with True on real frames, output (B, C, T).
    No frame attends to one that the mask marks as padding, so that padding leaves the real frames' output unchanged.
    """

    def __init__(self, channels: int, heads: int, *, relative_positions: bool = False) -> None:
        super().__init__()
        if channels % heads:
            raise ConfigError(f"{channels} channels cannot be split among {heads} attention heads: choose a multiple")
        self.heads = heads
        self.norm = GroupNorm(channels)
        self.qkv = nn.Conv1d(channels, channels * 3, 1)
        self.proj_out = nn.Conv1d(channels, channels, 1)
        for parameter in self.proj_out.parameters():
            nn.init.zeros_(parameter)
        head_dim = channels // heads
        self.relative_pos_embeddings = RelativePositionBias(heads, head_dim**0.5) if relative_positions else None

    def forward(self, x: torch.Tensor, frame_mask: torch.Tensor | None = None) -> torch.Tensor:
        """Attends over time; see the class for shapes."""
        batch, channels, frames = x.shape
        qkv = self.qkv(self.norm(x, frame_mask))
        # The channels are interleaved per head: head 0's q, k, v, then head 1's, and so on.
        # Contiguous, because the CPU's fused attention kernel takes nothing else and falls back to one twice as slow.
        qkv = qkv.view(batch, self.heads, 3, channels // self.heads, frames).transpose(-1, -2).contiguous()
        q, k, v = qkv.unbind(2)
        out = F.scaled_dot_product_attention(q, k, v, attn_mask=self._logit_mask(frames, frame_mask, q.dtype))
        return x + self.proj_out(out.transpose(-1, -2).reshape(batch, channels, frames))

    def _logit_mask(self, frames: int, frame_mask: torch.Tensor | None, dtype: torch.dtype) -> torch.Tensor | None:
        """Combines position bias and padding into what is added to the logits; None where there is neither."""
        keys = None if frame_mask is None else frame_mask[:, None, None, :]
        if self.relative_pos_embeddings is None:
            return keys
        bias = self.relative_pos_embeddings(frames)[None]
        if keys is not None:
            bias = bias.masked_fill(~keys, float("-inf"))
        return bias.to(dtype)
