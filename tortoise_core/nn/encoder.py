"""Owns the bidirectional rotary encoder of the contrastive networks. Must not know what it encodes.

Parameter names are those of the published checkpoints, `attn_layers.layers.N...` and `norm` (spec 3.0).
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from tortoise_core.nn.normalization import RMSNorm
from tortoise_core.nn.positions import RotaryTable, inverse_frequencies

HEAD_DIM = 64  # whatever the width of the network
_ROTARY_DIM = 32  # channels of each head that are rotated


class EncoderAttention(nn.Module):
    """Attention whose queries, keys and, unusually, values are rotated. Shape: (B, T, dim) to the same."""

    def __init__(self, dim: int, heads: int, dropout: float) -> None:
        super().__init__()
        inner = heads * HEAD_DIM
        self.heads = heads
        self.dropout = dropout
        self.to_q = nn.Linear(dim, inner, bias=False)
        self.to_k = nn.Linear(dim, inner, bias=False)
        self.to_v = nn.Linear(dim, inner, bias=False)
        self.to_out = nn.Linear(inner, dim)

    def forward(self, x: torch.Tensor, rotary: RotaryTable, mask: torch.Tensor | None) -> torch.Tensor:
        """Attends to the positions whose `mask` (B, 1, 1, T) is True."""
        parts = (self.to_q(x), self.to_k(x), self.to_v(x))
        q, k, v = (rotary.rotate(part.unflatten(-1, (self.heads, HEAD_DIM)).transpose(1, 2)) for part in parts)
        dropout = self.dropout if self.training else 0.0
        out = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, dropout_p=dropout)
        return self.to_out(out.transpose(1, 2).flatten(2))


class GatedProjection(nn.Module):
    """Computes value * GELU(gate), the two being halves of one projection (GLU Variants, Shazeer 2020)."""

    def __init__(self, dim: int, inner: int) -> None:
        super().__init__()
        self.proj = nn.Linear(dim, 2 * inner)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Shape: (B, T, dim) to (B, T, inner)."""
        value, gate = self.proj(x).chunk(2, dim=-1)
        return value * F.gelu(gate)


class EncoderFeedForward(nn.Module):
    """Gated feed-forward network. Shape: (B, T, dim) to the same."""

    def __init__(self, dim: int, inner: int, dropout: float) -> None:
        super().__init__()
        self.net = nn.Sequential(GatedProjection(dim, inner), nn.Identity(), nn.Dropout(dropout), nn.Linear(inner, dim))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Applies the network to each position."""
        return self.net(x)


class _Wrapped(nn.Module):
    """Adds the level `wrap` to parameter names: CLVP was saved with each sub-layer inside a checkpointing wrapper."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.wrap = inner

    def forward(self, *inputs: object) -> torch.Tensor:
        return self.wrap(*inputs)


class _SubLayer(nn.Module):
    """Norm, layer, residual add. In the published names the norm is `0.0` and the layer is `1`."""

    def __init__(self, dim: int, layer: nn.Module) -> None:
        super().__init__()
        self.add_module("0", nn.Sequential(RMSNorm(dim)))
        self.add_module("1", layer)

    def forward(self, x: torch.Tensor, *context: object) -> torch.Tensor:
        return x + self.get_submodule("1")(self.get_submodule("0")(x), *context)


class _Rotary(nn.Module):
    """Holds the angular speeds, which published files store."""

    inv_freq: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("inv_freq", inverse_frequencies(_ROTARY_DIM))


class _Layers(nn.Module):
    """Runs attention and feed-forward sub-layers in turn."""

    def __init__(self, layers: list[nn.Module], dim: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(_SubLayer(dim, layer) for layer in layers)
        self.rotary_pos_emb = _Rotary()

    def forward(self, x: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
        rotary = RotaryTable.at(torch.arange(x.shape[1], device=x.device)[None], self.rotary_pos_emb.inv_freq)
        for index, layer in enumerate(self.layers):
            x = layer(x, rotary, mask) if index % 2 == 0 else layer(x)
        return x


class Encoder(nn.Module):
    """`depth` layers of rotary attention and gated feed-forward, then a layer norm.

    Shape: x (B, T, dim), `mask` (B, T) bool with True on real positions, output (B, T, dim). `wrapped` puts the level
    `wrap` into the parameter names.
    """

    def __init__(
        self, dim: int, depth: int, heads: int, *, ff_mult: int, dropout: float = 0.0, wrapped: bool = False
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for _ in range(depth):
            layers += [EncoderAttention(dim, heads, dropout), EncoderFeedForward(dim, ff_mult * dim, dropout)]
        self.attn_layers = _Layers([_Wrapped(layer) for layer in layers] if wrapped else layers, dim)
        self.norm = nn.LayerNorm(dim)

    def forward(self, x: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        """Encodes; see the class for shapes."""
        return self.norm(self.attn_layers(x, None if mask is None else mask[:, None, None, :]))
