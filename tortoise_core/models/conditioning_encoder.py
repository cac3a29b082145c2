"""Owns the network that hears a voice for the autoregressive model (spec 3.1). Must not know text or speech codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from tortoise_core.nn.attention import AttentionBlock

if TYPE_CHECKING:
    from tortoise_core.models.autoregressive import AutoregressiveConfig


class ConditioningEncoder(nn.Module):
    """Encodes the mel of a clip as one vector. Shape: (B, mels, S), mask (B, S) bool, to (B, width)."""

    def __init__(self, config: AutoregressiveConfig) -> None:
        super().__init__()
        width = config.conditioning_width or config.width
        heads = config.conditioning_heads or config.heads
        self.pool = config.conditioning_pool
        self.init = nn.Conv1d(config.conditioning_mels, width, 1)
        self.attn = nn.ModuleList(AttentionBlock(width, heads) for _ in range(config.conditioning_layers))
        self.out = nn.Identity() if width == config.width else nn.Linear(width, config.width)

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
