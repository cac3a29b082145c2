"""Owns the one-dimensional ConvNeXt block of the embedded model. Must not know the networks that use it."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

KERNEL = 7  # taps of the convolution


class ConvNeXtBlock(nn.Module):
    """Depth-wise convolution over time, then a feed-forward on each frame (arXiv 2201.03545, one-dimensional).

    Shape: x (B, S, C), `frame_mask` (B, S) bool with True on real frames or None, output (B, S, C).
    """

    def __init__(self, width: int, hidden: int, layers: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv1d(width, width, KERNEL, padding=KERNEL // 2, groups=width)
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.expand = nn.Linear(width, hidden)
        self.contract = nn.Linear(hidden, width)
        self.scale = nn.Parameter(torch.full((width,), 1.0 / layers))

    def forward(self, x: Tensor, frame_mask: Tensor | None = None) -> Tensor:
        """Adds the block's output to x; padding counts as zeros, like what lies beyond the edge of a tensor."""
        visible = x if frame_mask is None else x * frame_mask[:, :, None].to(x.dtype)
        y = self.depthwise(visible.transpose(1, 2)).transpose(1, 2)
        return x + self.scale * self.contract(F.gelu(self.expand(self.norm(y))))
