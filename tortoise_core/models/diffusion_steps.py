"""Owns the fast form of the diffusion decoder's denoising step (spec 3.4), for inference on many utterances at once.

`DiffusionDecoder.forward` is its slow, obvious reference. Here channels come last, so that convolutions are matrix
products (`diffusion_layouts.py` says where the frames lie); guided and unguided rows share one batch; what depends on
the timestep alone, or on lengths alone, is computed once a run. In bfloat16, matrix products are bfloat16; norms, the
residual stream and the output stay float32. Must not know the noise schedule or the samplers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

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
from tortoise_core.models.diffusion_layouts import Layout, PackedLayout, PaddedLayout
from tortoise_core.nn.attention import AttentionBlock
from tortoise_core.nn.int8 import int8_for_many_rows
from tortoise_core.nn.normalization import GroupNorm
from tortoise_core.nn.packed import PackedLinear

Linear = Callable[[Tensor], Tensor]
Maker = Callable[[Tensor, Tensor | None], Linear]  # of a layer, from its weight and bias


class DenoisingSteps:
    """The step network of one decoder, laid out for inference. A copy: the decoder may drop its own."""

    def __init__(
        self,
        decoder: DiffusionDecoder,
        dtype: torch.dtype = torch.float32,
        padded: bool | None = None,
        *,
        eight_bit: bool = False,
    ) -> None:
        """Copies a decoder's layers.

        Args:
            decoder: to copy from.
            dtype: of matrix products.
            padded: chooses the layout; None for the one that the decoder's device is faster with.
            eight_bit: wide matrix products are of 8-bit numbers, and `dtype`, bfloat16, is that of their results.
        """
        project: Maker = int8_for_many_rows if eight_bit else partial(_linear, dtype=dtype)
        self.dtype = dtype
        self.padded = decoder.unconditioned_embedding.device.type == "cuda" if padded is None else padded
        self.config = decoder.config
        self._time_embed = decoder.time_embed
        self._integrator = [_Layer(layer, project) for layer in decoder.conditioning_timestep_integrator]
        self._layers = [_Layer(layer, project) for layer in decoder.layers]
        width = decoder.config.model_channels
        mix = decoder.integrating_conv.weight.detach()
        bias = decoder.integrating_conv.bias
        self._mix_signal = project(mix[:, :width, 0], bias)
        self._mix_conditioning = project(mix[:, width:, 0], None)
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
        rows = [*lengths, *lengths] if guided else list(lengths)
        layout: Layout = PackedLayout(rows, self.dtype)
        if self.padded:
            layout = PaddedLayout(rows, self.dtype, embedding.device)
        conditioning = layout.join(embedding)
        if guided:
            conditioning = torch.cat([conditioning, self._unconditioned.expand_as(conditioning)])
        conditioning = layout.exact(conditioning)
        tables = self._timed(timesteps.to(embedding.device))
        biases = [layer.position_bias(layout) for layer in (*self._integrator, *self._layers)]

        def denoise(x: Tensor, t: Tensor) -> Tensor:
            step = torch.searchsorted(tables.timesteps, t[:1])
            timed = list(tables.affine.index_select(0, step)[0].unbind(0))  # a (2, C) per residual block
            return layout.part(self._step(layout.join(x), conditioning, timed, biases, layout, guided))

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
        biases: Sequence[Any],
        layout: Layout,
        guided: bool,
    ) -> Tensor:
        """Runs the network. Shape: x (frames, bands), conditioning (all frames, C) to (all frames, out_channels)."""
        count = len(self._integrator)
        c = conditioning.clone()
        for layer, affine, bias in zip(self._integrator, timed[:count], biases[:count], strict=True):
            layer.add_to(c, affine, bias, layout)
        h = self._mix_signal(self._first(layout.taps(x)).to(self.dtype))
        mixed = layout.exact(self._mix_conditioning(c.to(self.dtype)))
        layout.add(mixed, h.repeat(2, 1) if guided else h)
        for layer, affine, bias in zip(self._layers, timed[count:], biases[count:], strict=True):
            layer.add_to(mixed, affine, bias, layout)
        norm = self._out_norm
        h = layout.normalised(mixed, norm.num_groups, norm.weight, norm.bias, silu=True, dtype=torch.float32)
        return self._last(layout.taps(h))


@dataclass(frozen=True, eq=False)
class _TimeTables:
    """What depends on the timestep alone, for the N timesteps of a run."""

    timesteps: Tensor  # (N,)
    affine: Tensor  # (N, blocks, 2, C): weight and bias of each residual block's second norm, scaled and shifted


class _Layer:
    """A `DiffusionLayer`, or a `TimeResBlock` alone."""

    def __init__(self, layer: nn.Module, project: Maker) -> None:
        whole = layer if isinstance(layer, DiffusionLayer) else None
        self.residual = _Residual(cast(TimeResBlock, layer if whole is None else whole.resblk), project)
        self._attention = None if whole is None else _Attention(whole.attn, project)
        self._feed_forward = None if whole is None or whole.ff is None else _FeedForward(whole.ff, project)

    def position_bias(self, layout: Layout) -> Any:
        """Computes what attention adds to its logits; None without attention."""
        return None if self._attention is None else layout.position_bias(self._attention.positions)

    def add_to(self, x: Tensor, affine: Tensor, bias: Any, layout: Layout) -> None:
        """Adds the layer's output to the residual stream x (frames, C), in place."""
        self.residual.add_to(x, affine, layout)
        if self._attention is not None:
            self._attention.add_to(x, bias, layout)
        if self._feed_forward is not None:
            self._feed_forward.add_to(x, layout)


class _Residual:
    """A `TimeResBlock`."""

    def __init__(self, block: TimeResBlock, project: Maker) -> None:
        self._in_norm = cast(GroupNorm, block.in_layers[0])
        self._out_norm = cast(GroupNorm, block.out_layers[0])
        self._in = project(*_matrix(cast(nn.Conv1d, block.in_layers[2])))
        self._out = project(*_matrix(cast(nn.Conv1d, block.out_layers[3])))
        self._time = cast(nn.Linear, block.emb_layers[1])

    def affine(self, time: Tensor) -> Tensor:
        """Scales and shifts the second norm's weight and bias for each timestep. Shape: (N, C_time) to (N, 2, C)."""
        scale, shift = self._time(time).chunk(2, dim=1)
        norm = self._out_norm
        return torch.stack([norm.weight * (1 + scale), norm.bias * (1 + scale) + shift], dim=1)

    def add_to(self, x: Tensor, affine: Tensor, layout: Layout) -> None:
        """Adds the block's output to x (frames, C), in place."""
        norm = self._in_norm
        h = self._in(layout.normalised(x, norm.num_groups, norm.weight, norm.bias, silu=True))
        h = layout.normalised(layout.exact(h), self._out_norm.num_groups, affine[0], affine[1], silu=True)
        layout.add(x, self._out(layout.taps(h)))


class _Attention:
    """An `AttentionBlock`."""

    def __init__(self, block: AttentionBlock, project: Maker) -> None:
        self._norm = block.norm
        self._heads = block.heads
        positions = block.relative_pos_embeddings
        assert positions is not None  # a `DiffusionLayer` has them
        self.positions = positions
        self._qkv = project(*_matrix(block.qkv))
        self._out = project(*_matrix(block.proj_out))

    def add_to(self, x: Tensor, bias: Any, layout: Layout) -> None:
        """Adds the block's output to x (frames, C), in place."""
        norm = self._norm
        h = self._qkv(layout.normalised(x, norm.num_groups, norm.weight, norm.bias, silu=False))
        layout.add(x, self._out(layout.attend(h, self._heads, bias)))


class _FeedForward:
    """A `FeedForwardBlock`."""

    def __init__(self, block: FeedForwardBlock, project: Maker) -> None:
        self._norm = block.norm
        self._in = project(*_matrix(block.proj_in))
        self._out = project(*_matrix(block.proj_out))

    def add_to(self, x: Tensor, layout: Layout) -> None:
        """Adds the block's output to x (frames, C), in place."""
        norm = self._norm
        h = self._in(layout.normalised(x, norm.num_groups, norm.weight, norm.bias, silu=False))
        value, gate = h.chunk(2, dim=1)
        layout.add(x, self._out(value * F.silu(gate)))


def _matrix(conv: nn.Conv1d) -> tuple[Tensor, Tensor | None]:
    """Rewrites a convolution as the matrix for the output of `Layout.taps` or, with one tap, for plain frames."""
    weight = conv.weight.detach()
    return weight.transpose(1, 2).reshape(weight.shape[0], -1), conv.bias


def _linear(weight: Tensor, bias: Tensor | None, dtype: torch.dtype) -> Linear:
    """Makes a linear layer that computes in this type."""
    if dtype == torch.bfloat16:
        return PackedLinear.from_linear(weight, bias)
    exact = weight.detach().contiguous()
    offset = None if bias is None else bias.detach()
    return lambda x: F.linear(x, exact, offset)
