"""Owns a GPT-2 transformer over embeddings, with a static key/value cache; knows nothing of text or speech.

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

from tortoise_core.nn.positions import RotaryTable

_INITIAL_STD = 0.02
_HIDDEN_RATIO = 4


@dataclass(eq=False)
class KeyValueCache:
    """Keys and values of all positions seen so far, one row per sequence, in slots allocated once.

    Every row writes the same slot at a time, so rows whose prompts differ in length carry padding between prompt and
    continuation; `slot_mask` hides it.
    """

    keys: torch.Tensor  # (layers, rows, H, slots, D)
    values: torch.Tensor  # (layers, rows, H, slots, D)
    filled: int  # slots that hold something
    prompt_slots: int  # slots of the prompt, its padding included
    prompt_lengths: torch.Tensor  # (rows,) prompt positions that are not padding
    slot_mask: torch.Tensor | None  # (rows, slots) bool, False on padding; None when no row is padded

    @property
    def slots(self) -> int:
        """Positions that the cache has room for."""
        return self.keys.shape[3]

    def select(self, rows: torch.Tensor, slots: int) -> KeyValueCache:
        """A cache of the given rows (repeated, left out, in any order) with room for `slots` positions."""
        layers, _, heads, _, head_dim = self.keys.shape
        shape = (layers, len(rows), heads, slots, head_dim)
        keys, values = self.keys.new_empty(shape), self.values.new_empty(shape)
        keys[:, :, :, : self.filled] = self.keys[:, rows, :, : self.filled]
        values[:, :, :, : self.filled] = self.values[:, rows, :, : self.filled]
        mask = None
        if self.slot_mask is not None:
            mask = self.slot_mask.new_ones(len(rows), slots)
            mask[:, : self.filled] = self.slot_mask[rows, : self.filled]
        return KeyValueCache(keys, values, self.filled, self.prompt_slots, self.prompt_lengths[rows], mask)

    def append(self, layer: int, key: torch.Tensor, value: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Writes one layer's next position (rows, H, 1, D); returns all keys and values up to and including it."""
        end = self.filled + 1
        self.keys[layer, :, :, self.filled : end] = key
        self.values[layer, :, :, self.filled : end] = value
        return self.keys[layer, :, :, :end], self.values[layer, :, :, :end]


@dataclass(frozen=True, eq=False)
class GptOutput:
    """What a pass through the transformer yields."""

    hidden: torch.Tensor  # (B, L, C), after the last norm
    probe: tuple[torch.Tensor, torch.Tensor] | None  # queries (B, L, D) and keys (B, S, D) of the probed head
    keys: torch.Tensor | None = None  # (layers, B, H, L, D), when asked for
    values: torch.Tensor | None = None


class Projection(nn.Module):
    """y = x W + b with W stored [in, out] (GPT-2's "Conv1D"). Shape: (..., inputs) to (..., outputs)."""

    def __init__(self, inputs: int, outputs: int, std: float = _INITIAL_STD) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(inputs, outputs).normal_(0.0, std))
        self.bias = nn.Parameter(torch.zeros(outputs))

    def linear_weight(self) -> torch.Tensor:
        """The weight as [out, in]."""
        return self.weight.T

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Projects the last dimension."""
        return F.linear(x, self.linear_weight(), self.bias)


class CausalAttention(nn.Module):
    """Multi-head attention, split so that a caller may store or look at keys. Heads are contiguous channel groups."""

    def __init__(self, width: int, heads: int, dropout: float, residual_std: float) -> None:
        super().__init__()
        self.heads = heads
        self.dropout = dropout
        self.c_attn = Projection(width, 3 * width)
        self.c_proj = Projection(width, width, residual_std)

    def project(self, x: torch.Tensor, rotary: RotaryTable | None) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Queries, keys and values (B, H, L, D) of x (B, L, C); queries and keys rotated if a table is given."""
        q, k, v = (part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in self.c_attn(x).chunk(3, dim=-1))
        return (q, k, v) if rotary is None else (rotary.rotate(q), rotary.rotate(k), v)

    def attend(
        self, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, mask: torch.Tensor | None, causal: bool
    ) -> torch.Tensor:
        """Attention output (B, L, C); `mask` (B, 1, L or 1, S) bool is True where a query may look."""
        dropout = self.dropout if self.training else 0.0
        out = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, dropout_p=dropout, is_causal=causal)
        return self.c_proj(out.transpose(1, 2).flatten(2))


class FeedForward(nn.Module):
    """Two projections with the tanh form of GELU between them. Shape: (B, L, C) to the same."""

    def __init__(self, width: int, residual_std: float) -> None:
        super().__init__()
        self.c_fc = Projection(width, _HIDDEN_RATIO * width)
        self.c_proj = Projection(_HIDDEN_RATIO * width, width, residual_std)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Applies the network to each position."""
        return self.c_proj(F.gelu(self.c_fc(x), approximate="tanh"))


@dataclass(frozen=True, eq=False)
class BlockOutput:
    """What a layer yields: its output (B, L, C) and the attention inputs of its heads, (B, H, L or S, D) each."""

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
        past: Callable[[torch.Tensor, torch.Tensor], tuple[torch.Tensor, torch.Tensor]] | None = None,
    ) -> BlockOutput:
        """Runs a whole sequence causally or, given a `past` that completes keys and values, its next position."""
        q, k, v = self.attn.project(self.ln_1(x), rotary)
        if past is not None:
            k, v = past(k, v)
        x = x + self.drop(self.attn.attend(q, k, v, mask, causal=mask is None and past is None))
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
            mask: (B, 1, L, L) bool, True where a query may look (causality included); None means plain causal.
            probe: (layer, head) whose queries and keys to hand out.
            keep_keys: hand out the keys and values of all layers, for a cache.
        """
        probed, kept = None, []
        x = self.drop(x)
        for index, block in enumerate(self.h):
            output: BlockOutput = block(x, rotary, mask)
            x = output.x
            if probe is not None and probe[0] == index:
                probed = (output.query[:, probe[1]], output.key[:, probe[1]])
            if keep_keys:
                kept.append((output.key, output.value))
        keys, values = (torch.stack(part) for part in zip(*kept, strict=True)) if kept else (None, None)
        return GptOutput(self.ln_f(x), probed, keys, values)

    def step(
        self, x: torch.Tensor, cache: KeyValueCache, *, rotary: RotaryTable | None, probe: tuple[int, int] | None
    ) -> GptOutput:
        """Runs one further position of every row, (rows, 1, C), against the cache, and adds it to the cache."""
        probed = None
        mask = None if cache.slot_mask is None else cache.slot_mask[:, None, None, : cache.filled + 1]
        for index, block in enumerate(self.h):
            output: BlockOutput = block(x, rotary, mask, past=partial(cache.append, index))
            x = output.x
            if probe is not None and probe[0] == index:
                probed = (output.query[:, probe[1]], output.key[:, probe[1]])
        cache.filled += 1
        return GptOutput(self.ln_f(x), probed)
