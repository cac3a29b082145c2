"""Owns the network that hears a voice for the autoregressive model (spec 3.1). Must not know text or speech codes."""

from __future__ import annotations

from typing import Literal

import torch
from torch import nn

from tortoise_core.nn.attention import AttentionBlock

Pool = Literal["first", "mean"]  # which frames the vector is made of


class ConditioningEncoder(nn.Module):
    """Encodes the mel of a clip as one vector. Shape: (B, mels, S), mask (B, S) bool, to (B, out_width)."""

    def __init__(self, mels: int, width: int, heads: int, layers: int, out_width: int, pool: Pool) -> None:
        """Builds `layers` blocks of `width` channels; their output is brought to `out_width` where that differs."""
        super().__init__()
        self.pool = pool
        self.init = nn.Conv1d(mels, width, 1)
        self.attn = nn.ModuleList(AttentionBlock(width, heads) for _ in range(layers))
        self.out = nn.Identity() if width == out_width else nn.Linear(width, out_width)

    def forward(self, mel: torch.Tensor, frame_mask: torch.Tensor | None = None) -> torch.Tensor:
        """Encodes clips; frames that `frame_mask` marks False are ignored."""
        x = self.init(mel)
        for block in self.attn:
            x = block(x, frame_mask)
        if self.pool == "first":
            return self.out(x[:, :, 0])
        if frame_mask is None:
            return self.out(x.mean(-1))
        weight = frame_mask[:, None, :].to(x.dtype)
        return self.out((x * weight).sum(-1) / weight.sum(-1))
