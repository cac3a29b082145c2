"""Owns how the rows of a batch lie in memory while the diffusion decoder denoises them, and what depends on that.

`PackedLayout` lays utterances end to end without padding: the fewest products, for a CPU. `PaddedLayout` gives every
utterance equally many frames and masks the rest: the fewest kernels, for a GPU, which waits for the next one most of
the time. Both give each utterance what it gets alone. Tensors of frames are (frames, C) throughout, all rows in one.
Must not know the network's layers.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from tortoise_core.nn.attention import RelativePositionBias

_EPSILON = 1e-5  # of group norm
_ALIGNED = 8  # GPU kernels of attention want a bias whose rows start at a multiple of 16 bytes
_WIDE_GROUP = 16  # channels, from which torch's group norm is fast: it computes a frame's group at a time
# On a processor with matrix tiles (AMX) the fused kernel of attention takes half the time of two products and a
# softmax, in float32 as well; on one without, twice.
_FUSES = bool(torch.cpu.get_capabilities().get("amx_bf16"))
_HIDDEN = -30_000.0  # added to the attention logits of padding, before they are scaled: their weights become 0


class Layout(ABC):
    """Where the frames of each row are."""

    def __init__(self, dtype: torch.dtype) -> None:
        self.dtype = dtype  # of matrix products

    @abstractmethod
    def join(self, x: Tensor) -> Tensor:
        """Lays the leading rows out. Shape: (B, C, S), S the length of the longest, to (frames, C)."""

    @abstractmethod
    def part(self, x: Tensor) -> Tensor:
        """Reverses `join` for all rows, with zeros as padding."""

    @abstractmethod
    def exact(self, x: Tensor) -> Tensor:
        """Prepares (frames, C) of any type for `normalised`: float32."""

    @abstractmethod
    def add(self, x: Tensor, y: Tensor) -> None:
        """Adds y to the residual stream x, both (frames, C), in place."""

    @abstractmethod
    def normalised(
        self,
        x: Tensor,
        groups: int,
        weight: Tensor,
        bias: Tensor,
        *,
        silu: bool,
        dtype: torch.dtype | None = None,
    ) -> Tensor:
        """Applies group norm to each row in float32, and SiLU; the result has the type of the next matrix product."""

    @abstractmethod
    def taps(self, x: Tensor) -> Tensor:
        """Joins each frame with its neighbours; beyond the ends of a row are zeros. Shape: (frames, C) to (.., 3C)."""

    @abstractmethod
    def position_bias(self, positions: RelativePositionBias) -> Any:
        """Computes what `attend` adds to the logits of one layer, once a run."""

    @abstractmethod
    def attend(self, qkv: Tensor, heads: int, bias: Any) -> Tensor:
        """Attends within each row. Shape: (frames, 3C), each head's q, k and v side by side, to (frames, C)."""


class PackedLayout(Layout):
    """Rows end to end, without padding."""

    def __init__(self, lengths: Sequence[int], dtype: torch.dtype) -> None:
        """Places rows of these lengths."""
        super().__init__(dtype)
        self._lengths = list(lengths)
        stops = torch.tensor(self._lengths).cumsum(0).tolist()
        self._spans = [(stop - length, stop) for stop, length in zip(stops, lengths, strict=True)]

    def join(self, x: Tensor) -> Tensor:
        """See `Layout`."""
        return torch.cat([row[:, :length].T for row, length in zip(x, self._lengths, strict=False)])

    def part(self, x: Tensor) -> Tensor:
        """See `Layout`."""
        width = max(self._lengths)
        return torch.stack([F.pad(row.T, (0, width - len(row))) for row in torch.split(x, self._lengths)])

    def exact(self, x: Tensor) -> Tensor:
        """See `Layout`."""
        return x.float()

    def add(self, x: Tensor, y: Tensor) -> None:
        """See `Layout`."""
        x += y

    def normalised(
        self,
        x: Tensor,
        groups: int,
        weight: Tensor,
        bias: Tensor,
        *,
        silu: bool,
        dtype: torch.dtype | None = None,
    ) -> Tensor:
        """See `Layout`."""
        narrow = self.dtype != torch.float32 and x.shape[1] // groups < _WIDE_GROUP
        normalise = _normalise_narrow if narrow else _normalise
        out = torch.empty_like(x, dtype=dtype or self.dtype)
        rows = torch.split(x, self._lengths)
        # One row at a time, so that what is computed on the way stays in the cache.
        for into, normed in zip(torch.split(out, self._lengths), normalise(rows, groups, weight, bias), strict=True):
            into.copy_(F.silu(normed, inplace=True) if silu else normed)
        return out

    def taps(self, x: Tensor) -> Tensor:
        """See `Layout`."""
        out = x.new_empty(len(x), 3, x.shape[1])
        out[:, 1] = x
        out[1:, 0] = x[:-1]
        out[:-1, 2] = x[1:]
        for start, stop in self._spans:
            if stop <= len(x):
                out[start, 0] = 0
                out[stop - 1, 2] = 0
        return out.flatten(1)

    def position_bias(self, positions: RelativePositionBias) -> dict[int, Tensor]:
        """Computes the bias of each distance, (H, 2T - 1), by the length T of a row."""
        return {frames: positions.per_distance(frames).to(self.dtype) for frames in set(self._lengths)}

    def attend(self, qkv: Tensor, heads: int, bias: dict[int, Tensor]) -> Tensor:
        """See `Layout`."""
        rows = [_attend_within(qkv[start:stop], heads, bias[stop - start]) for start, stop in self._spans]
        return rows[0] if len(rows) == 1 else torch.cat(rows)


class PaddedLayout(Layout):
    """Every row as long as the longest, rounded up; padding is zero wherever it could be seen."""

    def __init__(self, lengths: Sequence[int], dtype: torch.dtype, device: torch.device) -> None:
        """Places rows of these lengths."""
        super().__init__(dtype)
        self._longest = max(lengths)
        self._frames = -(-self._longest // _ALIGNED) * _ALIGNED  # of each row
        real = torch.tensor(list(lengths), device=device)[:, None]
        mask = torch.arange(self._frames, device=device) < real  # (B, S)
        self._mask = mask.flatten()[:, None].float()
        self._hidden = torch.zeros(mask.shape, dtype=dtype, device=device).masked_fill_(~mask, _HIDDEN)[..., None]
        share = self._frames / real.double()
        self._share = share.float()  # all frames over real ones, at least 1: (B, 1)
        self._excess = (1 - share).float()
        self._epsilon = torch.full((), _EPSILON, device=device)

    def join(self, x: Tensor) -> Tensor:
        """See `Layout`."""
        joined = F.pad(x.transpose(1, 2), (0, 0, 0, self._frames - x.shape[2])).flatten(0, 1)
        return joined * self._mask[: len(joined)]

    def part(self, x: Tensor) -> Tensor:
        """See `Layout`."""
        rows = (x * self._mask).unflatten(0, (-1, self._frames))
        return rows[:, : self._longest].transpose(1, 2)

    def exact(self, x: Tensor) -> Tensor:
        """See `Layout`; padding becomes zero."""
        return x * self._mask

    def add(self, x: Tensor, y: Tensor) -> None:
        """See `Layout`; padding stays zero."""
        x.addcmul_(y, self._mask)

    def normalised(
        self,
        x: Tensor,
        groups: int,
        weight: Tensor,
        bias: Tensor,
        *,
        silu: bool,
        dtype: torch.dtype | None = None,
    ) -> Tensor:
        """See `Layout`; padding must be zero in x, and is not in the result.

        Statistics of a row and its zeros give those of the row alone: with m and v of all n frames, of which r are
        real, the mean is m n/r, and the variance v n/r + m^2 (1 - n/r) n/r.
        """
        rows = x.view(-1, self._frames, groups, x.shape[1] // groups)
        variance, mean = torch.var_mean(rows, dim=(1, 3), correction=0)  # (B, groups)
        real_mean = mean * self._share
        real_variance = torch.addcmul(self._epsilon, variance, self._share)
        real_variance = torch.addcmul(real_variance, real_mean * self._excess, mean).clamp_min_(_EPSILON)
        scale = real_variance.rsqrt_()[..., None] * weight.view(groups, -1)  # (B, groups, C / groups)
        shift = torch.addcmul(bias.view(groups, -1), real_mean[..., None], scale, value=-1)
        out = torch.addcmul(shift[:, None], rows, scale[:, None])
        if silu:
            F.silu(out, inplace=True)
        return out.view(x.shape).to(dtype or self.dtype)

    def taps(self, x: Tensor) -> Tensor:
        """See `Layout`."""
        channels = x.shape[1]
        rows = F.pad((x * self._mask[: len(x)].to(x.dtype)).view(-1, self._frames, channels), (0, 0, 1, 1))
        neighbours = rows.as_strided((len(rows), self._frames, 3 * channels), (rows.stride(0), channels, 1))
        return neighbours.reshape(-1, 3 * channels)

    def position_bias(self, positions: RelativePositionBias) -> Tensor:
        """Computes the bias of each query and key, (H, S, S)."""
        return positions(self._frames).to(self.dtype).contiguous()

    def attend(self, qkv: Tensor, heads: int, bias: Tensor) -> Tensor:
        """See `Layout`.

        One more channel of queries and keys hides the padding: 1 in every query, `_HIDDEN` in the keys of padding. A
        mask for each row, head, query and key would be gigabytes.
        """
        parts = qkv.view(-1, self._frames, heads, 3, qkv.shape[1] // (3 * heads))
        width = parts.shape[-1]
        wide = F.pad(parts[..., :2, :], (0, _ALIGNED))
        wide[..., 0, width] = 1
        wide[..., 1, width] = self._hidden
        q, k = wide.transpose(1, 2).unbind(3)
        v = parts[..., 2, :].transpose(1, 2)
        out = F.scaled_dot_product_attention(q, k, v, attn_mask=bias, scale=width**-0.5)
        return out.transpose(1, 2).reshape(len(qkv), -1)


def _normalise(rows: Sequence[Tensor], groups: int, weight: Tensor, bias: Tensor) -> Iterator[Tensor]:
    """Applies group norm to each row. Shape: float32 (frames, C) each, to the same."""
    for x in rows:
        frames, channels = x.shape
        # An image one pixel wide, channels last: torch chooses its fast kernel for that by these strides alone.
        image = x.as_strided((1, channels, frames, 1), (frames * channels, 1, channels, channels))
        out = F.group_norm(image, groups, weight, bias, _EPSILON)
        yield out.permute(0, 2, 3, 1).reshape(frames, channels)


def _normalise_narrow(rows: Sequence[Tensor], groups: int, weight: Tensor, bias: Tensor) -> Iterator[Tensor]:
    """Does what `_normalise` does, four times as fast where a group is narrower than the processor's registers.

    Sums of x and of its square, over whole frames. Equal but for float32's rounding: enough beside bfloat16, but less
    exact than torch's kernel where a row is all but constant.
    """
    sums = torch.stack([torch.stack([x.sum(0), (x * x).sum(0)]) for x in rows])  # (rows, 2, C)
    counts = torch.tensor([[x.numel() // groups] for x in rows], device=sums.device)
    mean, square = (sums.view(len(rows), 2, groups, -1).sum(3) / counts[:, None]).unbind(1)  # (rows, groups) each
    inverse = (square - mean * mean).clamp_min_(0).add_(_EPSILON).rsqrt_()
    scale = inverse[..., None] * weight.view(groups, -1)
    shift = torch.addcmul(bias.view(groups, -1), mean[..., None], scale, value=-1)
    for x, own_scale, own_shift in zip(rows, scale.flatten(1), shift.flatten(1), strict=True):
        yield torch.addcmul(own_shift, x, own_scale)


def _attend_within(qkv: Tensor, heads: int, bias: Tensor) -> Tensor:
    """Attends within one row, with a bias per distance (H, 2T - 1). Shape: (T, 3C) to (T, C)."""
    frames, width = qkv.shape
    # With the queries in reverse, the bias of query q' and key k is that of distance number q' + k: sliding windows
    # over the distances, which need no memory of their own.
    q, k, v = qkv.view(frames, heads, 3, -1).transpose(0, 1).unbind(2)
    attend = _fused_attention if _FUSES else _attention
    out = attend(q.flip(1), k, v, bias.unfold(1, frames, 1))
    return out.flip(1).transpose(0, 1).reshape(frames, width // 3)


def _attention(q: Tensor, k: Tensor, v: Tensor, bias: Tensor) -> Tensor:
    """Attends by two products and a softmax, with a bias (H, T, T). Shape: (H, T, D) each, to the same."""
    scaled = (q * q.shape[2] ** -0.5).contiguous()  # a product is a third faster with what lies close together
    logits = torch.bmm(scaled, k.contiguous().transpose(1, 2)).add_(bias)
    return torch.bmm(torch.softmax(logits, dim=-1), v)


def _fused_attention(q: Tensor, k: Tensor, v: Tensor, bias: Tensor) -> Tensor:
    """Does what `_attention` does in one pass, so that no logits are written to memory."""
    return F.scaled_dot_product_attention(q[None], k[None], v[None], attn_mask=bias[None])[0]
