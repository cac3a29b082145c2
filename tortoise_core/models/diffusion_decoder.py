"""Owns the diffusion network: noisy mel, timestep, codes or latents and a voice in; noise estimate out (spec 3.4).

It must not know the noise schedule or the samplers; `tortoise_core.diffusion` owns these.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F

from tortoise_core.audio.constants import AR_RATE_HZ, DIFFUSION_MEL_BANDS, FRAMES_PER_CODE, OUTPUT_RATE_HZ
from tortoise_core.errors import ConfigError
from tortoise_core.nn.attention import AttentionBlock
from tortoise_core.nn.convnext import ConvNeXtBlock
from tortoise_core.nn.normalization import GroupNorm


@dataclass(frozen=True)
class DiffusionDecoderConfig:
    """Sizes of the network. The defaults are the published ones (spec 3.4)."""

    model_channels: int = 1024
    layers: int = 10  # residual block + attention each
    final_res_blocks: int = 3  # residual blocks without attention after them
    in_channels: int = DIFFUSION_MEL_BANDS
    out_channels: int = 2 * DIFFUSION_MEL_BANDS  # mel bands, twice that with a learned variance
    in_latent_channels: int = 1024  # width of the autoregressive model
    in_tokens: int = 8193
    heads: int = 16
    converter_blocks: int = 3  # attention blocks over embedded codes
    conditioner_blocks: int = 4  # attention blocks over latents
    contextual_blocks: int = 5  # attention blocks over the voice's mels
    integrator_layers: int = 3  # timestep-aware layers over the aligned conditioning
    ff_mult: int = 0  # n > 0: a feed-forward block of n * model_channels after every layer's attention
    dropout: float = 0.0
    guess: bool = False  # takes a first estimate of the mel as input, such as the dVAE's decoding of the codes
    surrogate_blocks: int = 0  # ConvNeXt blocks, so that the sampler can start from the surrogate mel
    layer_drop: float = 0.1  # chance that training skips a layer; never the first and the last
    mel_rate_hz: int = OUTPUT_RATE_HZ  # sample rate of the mel frames
    code_rate_hz: int = AR_RATE_HZ  # sample rate of the mel frames behind the codes

    def __post_init__(self) -> None:
        if self.out_channels not in (self.in_channels, 2 * self.in_channels):
            raise ConfigError(
                f"out_channels {self.out_channels} must be in_channels {self.in_channels}, "
                "or twice that to learn a variance"
            )

    @property
    def learned_variance(self) -> bool:
        """Whether the second half of the output interpolates the variance."""
        return self.out_channels == 2 * self.in_channels

    def frames(self, codes: int) -> int:
        """Counts the mel frames that `codes` speech codes span, rounded down (spec 1): 450 -> 1959 as published."""
        return codes * FRAMES_PER_CODE * self.mel_rate_hz // self.code_rate_hz


def timestep_frequencies(count: int) -> torch.Tensor:
    """Computes the angular speeds of the timestep embedding, 10000^(-i / count) (spec 3.4). Shape: float32 (count,)."""
    # The order of these float32 operations is part of the model: dividing the logarithm first rounds some frequencies
    # to a neighbour, and at t = 3999 that turns a phase by 1e-4.
    return torch.exp(-math.log(10000) * torch.arange(count, dtype=torch.float32) / count)


def timestep_embedding(t: torch.Tensor, channels: int) -> torch.Tensor:
    """Encodes timesteps as cosines, then sines, of wavelengths up to 10,000 * 2 pi (spec 3.4, step 1).

    Shape: t (B,) to float32 (B, channels).
    """
    angles = t.float()[:, None] * timestep_frequencies(channels // 2).to(t.device)
    return torch.cat([angles.cos(), angles.sin()], dim=-1)


def stretch(x: torch.Tensor, lengths: torch.Tensor, frames: torch.Tensor, width: int) -> torch.Tensor:
    """Interpolates in time by nearest neighbour, each row from its own length to its own number of frames.

    Row b's frame i is its input position floor(i * lengths[b] / frames[b]), the ratio in float32 as in `F.interpolate`.
    Frames past a row's end repeat its last position.

    Shape: x (B, C, M), lengths (B,), frames (B,) to (B, C, width).
    """
    ratio = (lengths.double() / frames.double()).float()
    source = (torch.arange(width, device=x.device, dtype=torch.float32) * ratio[:, None]).floor().long()
    source = torch.minimum(source, lengths[:, None] - 1)
    return x.gather(2, source[:, None, :].expand(-1, x.shape[1], -1))


def _zero_padding(x: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
    """Zeroes padded frames of (B, C, T), so that a convolution sees the same edge as without padding."""
    return x if mask is None else x * mask[:, None, :].to(x.dtype)


class TimeResBlock(nn.Module):
    """Convolutional residual block, scaled and shifted by the timestep embedding. Its last convolution starts at zero.

    Shape: x (B, C, T), time (B, C_time), mask (B, T) or None, output (B, C, T).
    """

    def __init__(self, channels: int, time_channels: int, dropout: float) -> None:
        super().__init__()
        # Lists, not nn.Sequential: the norms take the mask. Positions are the published key names.
        self.in_layers = nn.ModuleList([GroupNorm(channels), nn.SiLU(), nn.Conv1d(channels, channels, 1)])
        self.emb_layers = nn.Sequential(nn.SiLU(), nn.Linear(time_channels, 2 * channels))
        self.out_layers = nn.ModuleList(
            [GroupNorm(channels), nn.SiLU(), nn.Dropout(dropout), _zeroed(nn.Conv1d(channels, channels, 3, padding=1))]
        )

    def forward(self, x: torch.Tensor, time: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
        """Adds the block's output to x."""
        in_norm, in_act, in_conv = self.in_layers
        out_norm, out_act, out_dropout, out_conv = self.out_layers
        h = in_conv(in_act(in_norm(x, mask)))
        scale, shift = self.emb_layers(time)[:, :, None].chunk(2, dim=1)
        h = out_norm(h, mask) * (1 + scale) + shift
        return x + out_conv(_zero_padding(out_dropout(out_act(h)), mask))


class FeedForwardBlock(nn.Module):
    """Group norm, gated linear unit, residual add; the published network has none (spec 8.4). Starts as identity.

    Shape: x (B, C, T), mask (B, T) or None, output (B, C, T).
    """

    def __init__(self, channels: int, mult: int) -> None:
        super().__init__()
        self.norm = GroupNorm(channels)
        self.proj_in = nn.Conv1d(channels, 2 * mult * channels, 1)
        self.proj_out = _zeroed(nn.Conv1d(mult * channels, channels, 1))

    def forward(self, x: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
        """Adds the block's output to x."""
        value, gate = self.proj_in(self.norm(x, mask)).chunk(2, dim=1)
        return x + self.proj_out(value * F.silu(gate))


class DiffusionLayer(nn.Module):
    """Residual block, attention with relative positions, and a feed-forward block where the configuration asks for one.

    Shape: as `TimeResBlock`.
    """

    def __init__(self, config: DiffusionDecoderConfig) -> None:
        super().__init__()
        channels = config.model_channels
        self.resblk = TimeResBlock(channels, channels, config.dropout)
        self.attn = AttentionBlock(channels, config.heads, relative_positions=True)
        self.ff = FeedForwardBlock(channels, config.ff_mult) if config.ff_mult else None

    def forward(self, x: torch.Tensor, time: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
        """One layer; see the class for shapes."""
        x = self.attn(self.resblk(x, time, mask), mask)
        return x if self.ff is None else self.ff(x, mask)


class DiffusionDecoder(nn.Module):
    """The flat diffusion network, under the published state-dict keys (spec 3.4).

    Use: `conditioning_latent` once per voice, `timestep_independent` once per utterance, `forward` once per step.
    Masks are bool with True on real frames, always a prefix of the row; None means that nothing is padded. A masked row
    of a batch equals the same row alone.
    """

    def __init__(self, config: DiffusionDecoderConfig) -> None:
        super().__init__()
        self.config = config
        width = config.model_channels
        heads = config.heads

        def attention_blocks(channels: int, count: int) -> list[nn.Module]:
            return [AttentionBlock(channels, heads, relative_positions=True) for _ in range(count)]

        self.inp_block = nn.Conv1d(config.in_channels, width, 3, padding=1)
        self.time_embed = nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width))
        self.code_embedding = nn.Embedding(config.in_tokens, width)
        self.code_converter = nn.ModuleList(attention_blocks(width, config.converter_blocks))
        self.code_norm = GroupNorm(width)
        self.latent_conditioner = nn.ModuleList(
            [
                nn.Conv1d(config.in_latent_channels, width, 3, padding=1),
                *attention_blocks(width, config.conditioner_blocks),
            ]
        )
        self.contextual_embedder = nn.ModuleList(
            [
                nn.Conv1d(config.in_channels, width, 3, stride=2, padding=1),
                nn.Conv1d(width, 2 * width, 3, stride=2, padding=1),
                *attention_blocks(2 * width, config.contextual_blocks),
            ]
        )
        self.unconditioned_embedding = nn.Parameter(torch.randn(1, width, 1))
        self.conditioning_timestep_integrator = nn.ModuleList(
            [DiffusionLayer(config) for _ in range(config.integrator_layers)]
        )
        self.integrating_conv = nn.Conv1d(2 * width, width, 1)
        self.guess_block = _zeroed(nn.Conv1d(config.in_channels, width, 3, padding=1)) if config.guess else None
        self.surrogate_blocks = nn.ModuleList(
            ConvNeXtBlock(width, 4 * width, config.surrogate_blocks) for _ in range(config.surrogate_blocks)
        )
        self.mel_head = nn.Conv1d(width, config.in_channels, 3, padding=1)
        self.layers = nn.ModuleList([DiffusionLayer(config) for _ in range(config.layers)])
        self.layers.extend([TimeResBlock(width, width, config.dropout) for _ in range(config.final_res_blocks)])
        self.out = nn.ModuleList(
            [GroupNorm(width), nn.SiLU(), _zeroed(nn.Conv1d(width, config.out_channels, 3, padding=1))]
        )

    def conditioning_latent(self, mels: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        """Encodes a voice: the mean over all frames of the log-mels (not normalised) of its clips.

        Shape: mels (B, bands, S) or (B, clips, bands, S), mask (B, S) or (B, clips, S); output (B, 2 * model_channels).
        """
        if mels.dim() == 3:
            mels = mels[:, None]
            mask = None if mask is None else mask[:, None]
        batch, clips = mels.shape[:2]
        h = mels.flatten(0, 1)
        mask = None if mask is None else mask.flatten(0, 1)
        for layer in self.contextual_embedder:
            if isinstance(layer, nn.Conv1d):
                h = layer(_zero_padding(h, mask))
                mask = None if mask is None else mask[:, ::2]  # stride 2
            else:
                h = layer(h, mask)
        weight = torch.ones_like(h[:, :1]) if mask is None else mask[:, None, :].to(h.dtype)
        total = (h * weight).sum(-1).view(batch, clips, -1).sum(1)
        return total / weight.sum(-1).view(batch, clips, 1).sum(1)

    def timestep_independent(
        self,
        aligned: torch.Tensor,
        conditioning_latent: torch.Tensor,
        frames: int,
        *,
        aligned_mask: torch.Tensor | None = None,
        frame_mask: torch.Tensor | None = None,
        guess: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Computes what every step shares: conditioning spread over mel frames (spec 3.4, steps 1 to 4).

        Args: `guess` (B, bands, frames) is a first, normalised estimate of the mel, for networks whose configuration
        asks for one.
        Shape: aligned float latents (B, M, D) or int64 codes (B, M), `conditioning_latent` (B, 2 * C), `aligned_mask`
        (B, M), `frame_mask` (B, S); output (B, C, frames).
        """
        c = self._embed_aligned(aligned, aligned_mask)
        scale, shift = conditioning_latent[:, :, None].chunk(2, dim=1)
        c = self.code_norm(c, aligned_mask) * (1 + scale) + shift
        batch, steps = aligned.shape[:2]
        lengths = _lengths(aligned_mask, batch, steps, c.device)
        c = stretch(c, lengths, _lengths(frame_mask, batch, frames, c.device), frames)
        if self.guess_block is not None:
            if guess is None:
                raise ConfigError("this diffusion decoder needs a first guess of the mel: pass `guess`")
            c = c + self.guess_block(_zero_padding(guess, frame_mask))
        for block in self.surrogate_blocks:
            c = block(c.transpose(1, 2), frame_mask).transpose(1, 2)
        return _zero_padding(c, frame_mask)

    def _embed_aligned(self, aligned: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
        """Encodes codes (B, M) or latents (B, M, D). Shape: output (B, C, M)."""
        if not aligned.is_floating_point():
            c = self.code_embedding(aligned).transpose(1, 2)
            for block in self.code_converter:
                c = block(c, mask)
            return c
        conv, *blocks = self.latent_conditioner
        c = conv(_zero_padding(aligned.transpose(1, 2), mask))
        for block in blocks:
            c = block(c, mask)
        return c

    def surrogate_mel(self, embedding: torch.Tensor, frame_mask: torch.Tensor | None = None) -> torch.Tensor:
        """Estimates the normalised mel, blurred, from the shared part alone (spec 3.4, step 5).

        Shape: embedding (B, C, S) of `timestep_independent`, output (B, bands, S).
        """
        return self.mel_head(_zero_padding(embedding, frame_mask))

    def unconditioned(self, batch: int, frames: int, frame_mask: torch.Tensor | None = None) -> torch.Tensor:
        """Replaces `timestep_independent` where a step runs without conditioning. Shape: (B, C, frames)."""
        return _zero_padding(self.unconditioned_embedding.expand(batch, -1, frames), frame_mask)

    def forward(
        self, x: torch.Tensor, t: torch.Tensor, embedding: torch.Tensor, frame_mask: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Estimates the noise of one denoising step.

        Shape: x (B, bands, S) noisy normalised mel; t (B,) timestep of the training process (0..3999); embedding
        (B, C, S) of `timestep_independent` or `unconditioned`; output float32 (B, out_channels, S).
        """
        time = self.time_embed(timestep_embedding(t, self.config.model_channels))
        for layer in self.conditioning_timestep_integrator:
            embedding = layer(embedding, time, frame_mask)
        h = self.inp_block(_zero_padding(x, frame_mask))
        h = self.integrating_conv(torch.cat([h, embedding.to(h.dtype)], dim=1))
        for index, layer in enumerate(self.layers):
            if not self._skips(index):
                h = layer(h, time, frame_mask)
        norm, activation, conv = self.out
        with torch.autocast(h.device.type, enabled=False):  # the estimate itself is always float32 (spec 3.4, step 6)
            return conv(_zero_padding(activation(norm(h.float(), frame_mask)), frame_mask))

    def drop_steps(self) -> None:
        """Frees what `forward` alone needs: inference has `diffusion_steps.DenoisingSteps` instead."""
        del self.conditioning_timestep_integrator, self.layers, self.integrating_conv, self.inp_block, self.out

    def _skips(self, index: int) -> bool:
        """Decides whether to drop a layer: in training only, and never the first or last."""
        droppable = self.training and 0 < index < len(self.layers) - 1
        return droppable and torch.rand(()).item() < self.config.layer_drop


def _zeroed(conv: nn.Conv1d) -> nn.Conv1d:
    """Sets the parameters of a convolution to zero, so that its block starts as identity."""
    for parameter in conv.parameters():
        nn.init.zeros_(parameter)
    return conv


def _lengths(mask: torch.Tensor | None, batch: int, width: int, device: torch.device) -> torch.Tensor:
    """Counts the real positions of each row, (B,); without a mask all `width` of them."""
    return torch.full((batch,), width, device=device) if mask is None else mask.sum(1)
