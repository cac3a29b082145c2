"""Owns the fast form of the diffusion decoder's denoising step (spec 3.4), for inference on many utterances at once.

`DiffusionDecoder.forward` is its slow, obvious reference. Here utterances are laid end to end without padding, channels
last, so that convolutions are matrix products; guided and unguided rows share one batch; what depends on the timestep
alone, or on lengths alone, is computed once a run. In bfloat16, matrix products are bfloat16; norms, the residual
stream and the output stay float32. Must not know the noise schedule or the samplers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tortoise_core.models.diffusion_decoder import (
    DiffusionDecoder,
    DiffusionLayer,
    FeedForwardBlock,
    TimeResBlock,
    timestep_embedding,
)
from tortoise_core.nn.attention import AttentionBlock
from tortoise_core.nn.normalization import GroupNorm
from tortoise_core.nn.packed import PackedLinear

Linear = Callable[[Tensor], Tensor]


class DenoisingSteps:
    """The step network of one decoder, laid out for inference. A copy: the decoder may drop its own."""

    def __init__(self, decoder: DiffusionDecoder, dtype: torch.dtype = torch.float32) -> None:
        self.dtype = dtype
        self.config = decoder.config
        self._time_embed = decoder.time_embed
        self._integrator = [_Layer(layer, self.dtype) for layer in decoder.conditioning_timestep_integrator]
        self._layers = [_Layer(layer, self.dtype) for layer in decoder.layers]
        width = decoder.config.model_channels
        mix = decoder.integrating_conv.weight.detach()
        bias = decoder.integrating_conv.bias
        self._mix_signal = _linear(mix[:, :width, 0], bias, self.dtype)
        self._mix_conditioning = _linear(mix[:, width:, 0], None, self.dtype)
        # The two ends are float32 in any precision: they are small, and the estimate must be exact.
        self._first = _linear(*_matrix(decoder.inp_block), torch.float32)
        norm, _, last = decoder.out
        self._out_norm = cast(GroupNorm, norm)
        self._last = _linear(*_matrix(cast(nn.Conv1d, last)), torch.float32)
        self._unconditioned = decoder.unconditioned_embedding.detach()[0].T  # (1, C)

    def begin(
        self, embedding: Tensor, lengths: Sequence[int], timesteps: Tensor, *, guided: bool = False
    ) -> Callable[[Tensor, Tensor], Tensor]:
        """Prepares the denoising of one batch of utterances at any of the given timesteps.

        Args:
            embedding: the result of `DiffusionDecoder.timestep_independent`, (B, C, S).
            lengths: real frames of each row, S the largest of them.
            timesteps: of the training process, ascending, int64 (N,).
            guided: also estimate without conditioning.

        Returns:
            A function of x (B, bands, S) and t (B,), the same timestep in all rows, to float32 (B, out_channels, S), or
            (2B, ...) where guided: the rows with conditioning, then the same without. Padding comes out as zeros.
        """
        conditioning = _join(embedding, lengths)
        rows = list(lengths)
        if guided:
            conditioning = torch.cat([conditioning, self._unconditioned.expand_as(conditioning)])
            rows += rows
        layout = _Layout(rows, self.dtype)
        tables = self._timed(timesteps.to(embedding.device))
        biases = [layer.position_biases(set(rows)) for layer in (*self._integrator, *self._layers)]

        def denoise(x: Tensor, t: Tensor) -> Tensor:
            step = torch.searchsorted(tables.timesteps, t[:1])
            timed = list(tables.affine.index_select(0, step)[0].unbind(0))  # a (2, C) per residual block
            estimate = self._step(_join(x, lengths), conditioning, timed, biases, layout, guided)
            return _part(estimate, rows, x.shape[2])

        return denoise

    def _timed(self, timesteps: Tensor) -> _TimeTables:
        """Computes what depends on the timestep alone."""
        time = F.silu(self._time_embed(timestep_embedding(timesteps, self.config.model_channels)))
        blocks = [layer.residual for layer in (*self._integrator, *self._layers)]
        return _TimeTables(timesteps, torch.stack([block.affine(time) for block in blocks], dim=1))

    def _step(
        self,
        x: Tensor,
        conditioning: Tensor,
        timed: Sequence[Tensor],
        biases: Sequence[_Biases],
        layout: _Layout,
        guided: bool,
    ) -> Tensor:
        """Runs the network. Shape: x (frames, bands), conditioning (all frames, C) to (all frames, out_channels)."""
        count = len(self._integrator)
        c = conditioning.clone()
        for layer, affine, bias in zip(self._integrator, timed[:count], biases[:count], strict=True):
            layer.add_to(c, affine, bias, layout)
        h = self._mix_signal(self._first(_taps(x, layout.ends(len(x)))).to(self.dtype))
        mixed = self._mix_conditioning(c.to(self.dtype)).float()
        mixed += h.repeat(2, 1) if guided else h
        for layer, affine, bias in zip(self._layers, timed[count:], biases[count:], strict=True):
            layer.add_to(mixed, affine, bias, layout)
        norm = self._out_norm
        h = layout.normalised(mixed, norm.num_groups, norm.weight, norm.bias, silu=True, dtype=torch.float32)
        return self._last(_taps(h, layout.ends(len(h))))


_Biases = dict[int, Tensor]  # by a row's length: (H, 2T - 1), a bias per distance


@dataclass(frozen=True, eq=False)
class _TimeTables:
    """What depends on the timestep alone, for the N timesteps of a run."""

    timesteps: Tensor  # (N,)
    affine: Tensor  # (N, blocks, 2, C): weight and bias of each residual block's second norm, scaled and shifted


class _Layout:
    """The place of each row in (frames, C)."""

    def __init__(self, lengths: Sequence[int], dtype: torch.dtype) -> None:
        self.dtype = dtype
        stops = torch.tensor(lengths).cumsum(0).tolist()
        self.spans = [(stop - length, stop) for stop, length in zip(stops, lengths, strict=True)]
        self._equal = len(lengths) if len(set(lengths)) == 1 else 0

    def ends(self, frames: int) -> tuple[list[int], list[int]]:
        """Lists the first and the last frame of the rows among the leading `frames`."""
        spans = [span for span in self.spans if span[1] <= frames]
        return [start for start, _ in spans], [stop - 1 for _, stop in spans]

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
        if self._equal:
            return _normalise(x, self._equal, groups, weight, bias, silu).to(dtype or self.dtype)
        out = torch.empty_like(x, dtype=dtype or self.dtype)
        for start, stop in self.spans:
            out[start:stop] = _normalise(x[start:stop], 1, groups, weight, bias, silu)
        return out


class _Layer:
    """A `DiffusionLayer`, or a `TimeResBlock` alone."""

    def __init__(self, layer: nn.Module, dtype: torch.dtype) -> None:
        whole = layer if isinstance(layer, DiffusionLayer) else None
        self.residual = _Residual(cast(TimeResBlock, layer if whole is None else whole.resblk), dtype)
        self._attention = None if whole is None else _Attention(whole.attn, dtype)
        self._feed_forward = None if whole is None or whole.ff is None else _FeedForward(whole.ff, dtype)

    def position_biases(self, lengths: set[int]) -> _Biases:
        """Computes the attention biases of rows of these lengths."""
        return {} if self._attention is None else {n: self._attention.position_bias(n) for n in lengths}

    def add_to(self, x: Tensor, affine: Tensor, biases: _Biases, layout: _Layout) -> None:
        """Adds the layer's output to the residual stream x (frames, C), in place."""
        self.residual.add_to(x, affine, layout)
        if self._attention is not None:
            self._attention.add_to(x, biases, layout)
        if self._feed_forward is not None:
            self._feed_forward.add_to(x, layout)


class _Residual:
    """A `TimeResBlock`."""

    def __init__(self, block: TimeResBlock, dtype: torch.dtype) -> None:
        self._in_norm = cast(GroupNorm, block.in_layers[0])
        self._out_norm = cast(GroupNorm, block.out_layers[0])
        self._in = _linear(*_matrix(cast(nn.Conv1d, block.in_layers[2])), dtype)
        self._out = _linear(*_matrix(cast(nn.Conv1d, block.out_layers[3])), dtype)
        self._time = cast(nn.Linear, block.emb_layers[1])

    def affine(self, time: Tensor) -> Tensor:
        """Scales and shifts the second norm's weight and bias for each timestep. Shape: (N, C_time) to (N, 2, C)."""
        scale, shift = self._time(time).chunk(2, dim=1)
        norm = self._out_norm
        return torch.stack([norm.weight * (1 + scale), norm.bias * (1 + scale) + shift], dim=1)

    def add_to(self, x: Tensor, affine: Tensor, layout: _Layout) -> None:
        """Adds the block's output to x (frames, C), in place."""
        norm = self._in_norm
        h = self._in(layout.normalised(x, norm.num_groups, norm.weight, norm.bias, silu=True))
        h = layout.normalised(h.float(), self._out_norm.num_groups, affine[0], affine[1], silu=True)
        x += self._out(_taps(h, layout.ends(len(h))))


class _Attention:
    """An `AttentionBlock`."""

    def __init__(self, block: AttentionBlock, dtype: torch.dtype) -> None:
        self._norm = block.norm
        self._heads = block.heads
        self._dtype = dtype
        self._positions = block.relative_pos_embeddings
        self._qkv = _linear(*_matrix(block.qkv), dtype)
        self._out = _linear(*_matrix(block.proj_out), dtype)

    def position_bias(self, frames: int) -> Tensor:
        """Computes the bias of each distance between `frames` positions. Shape: (H, 2 * frames - 1)."""
        if self._positions is None:
            return self._norm.weight.new_zeros(self._heads, 2 * frames - 1, dtype=self._dtype)
        return self._positions.per_distance(frames).to(self._dtype)

    def add_to(self, x: Tensor, biases: _Biases, layout: _Layout) -> None:
        """Adds the block's output to x (frames, C), in place."""
        norm = self._norm
        h = self._qkv(layout.normalised(x, norm.num_groups, norm.weight, norm.bias, silu=False))
        rows = [self._attend(h[start:stop], biases[stop - start]) for start, stop in layout.spans]
        x += self._out(rows[0] if len(rows) == 1 else torch.cat(rows))

    def _attend(self, qkv: Tensor, bias: Tensor) -> Tensor:
        """Attends within one row. Shape: (T, 3C) to (T, C).

        Two products and a softmax are twice as fast on a CPU as the fused kernel.
        """
        frames, width = qkv.shape
        qkv = qkv.view(frames, self._heads, 3, -1)
        # With the queries in reverse, the bias of query q' and key k is that of distance number q' + k: sliding windows
        # over the distances, which need no memory of their own.
        q = qkv[:, :, 0].flip(0).transpose(0, 1)
        k = qkv[:, :, 1].transpose(0, 1)
        v = qkv[:, :, 2].transpose(0, 1)
        logits = torch.baddbmm(bias.unfold(1, frames, 1), q, k.transpose(1, 2), alpha=q.shape[2] ** -0.5)
        out = torch.bmm(torch.softmax(logits, dim=-1), v)
        return out.flip(1).transpose(0, 1).reshape(frames, width // 3)


class _FeedForward:
    """A `FeedForwardBlock`."""

    def __init__(self, block: FeedForwardBlock, dtype: torch.dtype) -> None:
        self._norm = block.norm
        self._in = _linear(*_matrix(block.proj_in), dtype)
        self._out = _linear(*_matrix(block.proj_out), dtype)

    def add_to(self, x: Tensor, layout: _Layout) -> None:
        """Adds the block's output to x (frames, C), in place."""
        norm = self._norm
        h = self._in(layout.normalised(x, norm.num_groups, norm.weight, norm.bias, silu=False))
        value, gate = h.chunk(2, dim=1)
        x += self._out(value * F.silu(gate))


def _matrix(conv: nn.Conv1d) -> tuple[Tensor, Tensor | None]:
    """Rewrites a convolution as the matrix that multiplies the output of `_taps` (or plain frames, for one tap)."""
    weight = conv.weight.detach()
    return weight.transpose(1, 2).reshape(weight.shape[0], -1), conv.bias


def _linear(weight: Tensor, bias: Tensor | None, dtype: torch.dtype) -> Linear:
    """Makes a linear layer that computes in this type."""
    if dtype == torch.bfloat16:
        return PackedLinear.from_linear(weight, bias)
    exact = weight.detach().contiguous()
    offset = None if bias is None else bias.detach()
    return lambda x: F.linear(x, exact, offset)


def _taps(x: Tensor, ends: tuple[list[int], list[int]]) -> Tensor:
    """Joins each frame with its neighbours; beyond the ends of a row are zeros. Shape: (frames, C) to (frames, 3C)."""
    first, last = ends
    out = x.new_empty(len(x), 3, x.shape[1])
    out[:, 1] = x
    out[1:, 0] = x[:-1]
    out[:-1, 2] = x[1:]
    for start, stop in zip(first, last, strict=True):
        out[start, 0] = 0
        out[stop, 2] = 0
    return out.flatten(1)


def _normalise(x: Tensor, rows: int, groups: int, weight: Tensor, bias: Tensor, silu: bool) -> Tensor:
    """Applies group norm to `rows` rows of equal length, and SiLU. Shape: float32 (frames, C) to the same."""
    frames, channels = x.shape
    length = frames // rows
    # An image one pixel wide, channels last: torch chooses its fast kernel for that by these strides alone.
    image = x.as_strided((rows, channels, length, 1), (length * channels, 1, channels, channels))
    out = F.group_norm(image, groups, weight, bias, 1e-5)
    if silu:
        F.silu(out, inplace=True)
    return out.permute(0, 2, 3, 1).reshape(frames, channels)


def _join(x: Tensor, lengths: Sequence[int]) -> Tensor:
    """Lays rows end to end without their padding. Shape: (B, C, S) to (frames, C)."""
    return torch.cat([row[:, :length].T for row, length in zip(x, lengths, strict=True)])


def _part(x: Tensor, lengths: Sequence[int], width: int) -> Tensor:
    """Reverses `_join`, with zeros as padding. Shape: (frames, C) to (B, C, width)."""
    rows = [F.pad(row.T, (0, width - len(row))) for row in torch.split(x, list(lengths))]
    return torch.stack(rows)
