"""Owns a GPT-2 transformer over embeddings. Must not know text or speech.

Parameter names are those of the published checkpoints: `h.N.{ln_1, attn.c_attn, attn.c_proj, ln_2, mlp.c_fc,
mlp.c_proj}` and `ln_f`; projection weights are stored [in, out].
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import nn
from torch.nn import functional as F

from tortoise_core.nn.key_value_cache import Cache
from tortoise_core.nn.positions import RotaryTable

_INITIAL_STD = 0.02
_HIDDEN_RATIO = 4


@dataclass(frozen=True, eq=False)
class GptOutput:
    """The result of a pass through the transformer."""

    hidden: torch.Tensor  # (B, L, C), after the last norm
    queries: torch.Tensor | None = None  # (B, L, D) of the probed head
    probed_keys: torch.Tensor | None = None  # (B, L, D) of the same
    keys: torch.Tensor | None = None  # (layers, B, H, L, D), when asked for
    values: torch.Tensor | None = None


class Projection(nn.Module):
    """y = x W + b with W stored [in, out] (GPT-2's "Conv1D"). Shape: (..., inputs) to (..., outputs)."""

    def __init__(self, inputs: int, outputs: int, std: float = _INITIAL_STD) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(inputs, outputs).normal_(0.0, std))
        self.bias = nn.Parameter(torch.zeros(outputs))

    def linear_weight(self) -> torch.Tensor:
        """Returns the weight as [out, in]."""
        return self.weight.T

    def linear_bias(self) -> torch.Tensor:
        """Returns the bias as [out]."""
        return self.bias

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Projects the last dimension."""
        return F.linear(x, self.linear_weight(), self.bias)

    def gelu(self, x: torch.Tensor) -> torch.Tensor:
        """Projects, then applies the tanh form of GELU."""
        return F.gelu(self(x), approximate="tanh")


class CausalAttention(nn.Module):
    """Multi-head attention in three parts, so that a caller may store or read keys. Heads are neighbouring channels."""

    def __init__(self, width: int, heads: int, dropout: float, residual_std: float) -> None:
        super().__init__()
        self.heads = heads
        self.dropout = dropout
        self.c_attn = Projection(width, 3 * width)
        self.c_proj = Projection(width, width, residual_std)

    def project(self, x: torch.Tensor, rotary: RotaryTable | None) -> tuple[torch.Tensor, torch.Tensor]:
        """Computes queries (B, H, L, D), and keys with the values behind them (B, 2H, L, D), of x (B, L, C).

        A table rotates queries and keys.
        """
        heads = self.c_attn(x).unflatten(-1, (3 * self.heads, -1)).transpose(1, 2)
        if rotary is None:
            return heads[:, : self.heads], heads[:, self.heads :]
        q, k = rotary.rotate(heads[:, : 2 * self.heads]).chunk(2, dim=1)
        return q, torch.cat([k, heads[:, 2 * self.heads :]], dim=1)

    def attend(self, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
        """Computes each head's output (B, H, L, D); `mask` (B, 1, L, L) bool is True where a query may attend."""
        dropout = self.dropout if self.training else 0.0
        return F.scaled_dot_product_attention(q, k, v, attn_mask=mask, dropout_p=dropout, is_causal=mask is None)

    def join(self, heads: torch.Tensor) -> torch.Tensor:
        """Projects the heads' outputs (B, H, L, D) to one, (B, L, C)."""
        return self.c_proj(heads.transpose(1, 2).flatten(2))


class FeedForward(nn.Module):
    """Two projections with the tanh form of GELU between them. Shape: (B, L, C) to the same."""

    def __init__(self, width: int, residual_std: float) -> None:
        super().__init__()
        self.c_fc = Projection(width, _HIDDEN_RATIO * width)
        self.c_proj = Projection(_HIDDEN_RATIO * width, width, residual_std)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Applies the network to each position."""
        return self.c_proj(self.c_fc.gelu(x))


@dataclass(frozen=True, eq=False)
class BlockOutput:
    """The result of a layer: its output (B, L, C) and the attention inputs of its heads, (B, H, L, D) each."""

    x: torch.Tensor
    query: torch.Tensor
    key: torch.Tensor
    value: torch.Tensor


class GptBlock(nn.Module):
    """One pre-norm transformer layer."""

    def __init__(self, width: int, heads: int, dropout: float, residual_std: float) -> None:
        super().__init__()
        self.ln_1 = nn.LayerNorm(width)
        self.attn = CausalAttention(width, heads, dropout, residual_std)
        self.ln_2 = nn.LayerNorm(width)
        self.mlp = FeedForward(width, residual_std)
        self.drop = nn.Dropout(dropout)

    def forward(
        self,
        x: torch.Tensor,
        rotary: RotaryTable | None,
        mask: torch.Tensor | None,
        attend: Callable[[torch.Tensor, torch.Tensor], torch.Tensor] | None = None,
    ) -> BlockOutput:
        """Runs a whole sequence causally or, where `attend` is given, which replaces `attn.attend`, a part of it."""
        q, kv = self.attn.project(self.ln_1(x), rotary)
        k, v = kv.chunk(2, dim=1)
        heads = self.attn.attend(q, k, v, mask) if attend is None else attend(q, kv)
        x = x + self.drop(self.attn.join(heads))
        return BlockOutput(x + self.drop(self.mlp(self.ln_2(x))), q, k, v)


class Gpt(nn.Module):
    """GPT-2 without token or position tables (spec 3.1)."""

    def __init__(self, layers: int, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        residual_std = _INITIAL_STD / math.sqrt(2 * layers)  # keeps the residual stream's variance (GPT-2, 2.3)
        self.h = nn.ModuleList(GptBlock(width, heads, dropout, residual_std) for _ in range(layers))
        self.ln_f = nn.LayerNorm(width)
        self.drop = nn.Dropout(dropout)

    def forward(
        self,
        x: torch.Tensor,
        *,
        rotary: RotaryTable | None = None,
        mask: torch.Tensor | None = None,
        probe: tuple[int, int] | None = None,
        keep_keys: bool = False,
    ) -> GptOutput:
        """Runs whole sequences causally.

        Args:
            x: embeddings (B, L, C).
            rotary: angles of the L positions; None leaves queries and keys as they are.
            mask: (B, 1, L, L) bool, True where a query may attend (causality included); None means plain causal.
            probe: (layer, head) whose queries and keys to return.
            keep_keys: return the keys and values of all layers, for a cache.
        """
        queries = None
        probed_keys = None
        kept = []
        x = self.drop(x)
        for index, block in enumerate(self.h):
            output: BlockOutput = block(x, rotary, mask)
            x = output.x
            if probe is not None and probe[0] == index:
                queries = output.query[:, probe[1]]
                probed_keys = output.key[:, probe[1]]
            if keep_keys:
                kept.append((output.key, output.value))
        keys, values = (torch.stack(part) for part in zip(*kept, strict=True)) if kept else (None, None)
        return GptOutput(self.ln_f(x), queries, probed_keys, keys, values)

    def step(
        self, x: torch.Tensor, cache: Cache, *, rotary: RotaryTable | None, probe: tuple[int, int] | None = None
    ) -> GptOutput:
        """Runs one more position of every row, (rows, 1, C), against the cache, and adds it to the cache.

        Of a `probe`, the queries alone are returned: the cache has the keys.
        """
        queries = None
        cache.open_slot()
        mask = cache.mask()
        for index, block in enumerate(self.h):
            output: BlockOutput = block(x, rotary, None, partial(cache.attend, index, mask=mask))
            x = output.x
            if probe is not None and probe[0] == index:
                queries = output.query[:, probe[1]]
        cache.close_slot()
        return GptOutput(self.ln_f(x), queries)
