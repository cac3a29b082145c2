"""Owns the HiFi-GAN decoder (Kong et al. 2020, arXiv 2010.05646; spec 3.8): latents straight to a waveform.

It replaces ranking, diffusion and vocoder where speed matters more than quality. It must not know how latents are made.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F

from tortoise_core.audio.constants import AR_RATE_HZ, FRAMES_PER_CODE, OUTPUT_RATE_HZ
from tortoise_core.nn.weight_norm import WeightNormConv1d, WeightNormConvTranspose1d

_SLOPE = 0.1
_LAST_SLOPE = 0.01  # the published network's last activation keeps torch's default
_END_KERNEL = 7


@dataclass(frozen=True)
class HifiDecoderConfig:
    """Sizes of the network. The defaults are the published ones (spec 3.8)."""

    latent_channels: int = 1024
    channels: int = 512  # halved by every stage
    factors: tuple[int, ...] = (8, 8, 2, 2)
    kernels: tuple[int, ...] = (16, 16, 4, 4)
    res_kernels: tuple[int, ...] = (3, 7, 11)
    res_dilations: tuple[int, ...] = (1, 3, 5)
    rate_ratio: float = OUTPUT_RATE_HZ / AR_RATE_HZ

    @property
    def context(self) -> int:
        """Counts the stretched latents on either side that a frame's samples depend on, at most."""
        reach = _END_KERNEL // 2  # in samples of the stage that the loop is at, last one first
        widest = max(self.res_kernels) // 2
        for factor, kernel in zip(reversed(self.factors), reversed(self.kernels), strict=True):
            reach += sum((dilation + 1) * widest for dilation in self.res_dilations)
            reach = math.ceil((reach + kernel - 1 - (kernel - factor) // 2) / factor)
        return reach + _END_KERNEL // 2


class ResBlock(nn.Module):
    """Pairs of a dilated and a plain convolution, each pair with a residual add. Shape: (B, C, T) to the same."""

    def __init__(self, channels: int, kernel: int, dilations: tuple[int, ...]) -> None:
        super().__init__()

        def conv(dilation: int) -> WeightNormConv1d:
            return WeightNormConv1d(channels, channels, kernel, dilation=dilation, padding=dilation * (kernel // 2))

        self.convs1 = nn.ModuleList(conv(dilation) for dilation in dilations)
        self.convs2 = nn.ModuleList(conv(1) for _ in dilations)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """One block; see the class for shapes."""
        for dilated, plain in zip(self.convs1, self.convs2, strict=True):
            x = x + plain(F.leaky_relu(dilated(F.leaky_relu(x, _SLOPE)), _SLOPE))
        return x


class HifiDecoder(nn.Module):
    """The decoder, under the published keys of `hifidecoder.pth`."""

    def __init__(self, config: HifiDecoderConfig) -> None:
        super().__init__()
        self.config = config
        width = config.channels
        self.conv_pre = WeightNormConv1d(config.latent_channels, width, _END_KERNEL, padding=_END_KERNEL // 2)
        self.cond_layer = nn.Conv1d(config.latent_channels, width, 1)
        self.ups = nn.ModuleList()
        self.resblocks = nn.ModuleList()  # those of all stages in a row, as the published keys count them
        for factor, kernel in zip(config.factors, config.kernels, strict=True):
            padding = (kernel - factor) // 2
            self.ups.append(WeightNormConvTranspose1d(width, width // 2, kernel, stride=factor, padding=padding))
            width //= 2
            self.resblocks.extend(ResBlock(width, k, config.res_dilations) for k in config.res_kernels)
        self.conv_post = WeightNormConv1d(width, 1, _END_KERNEL, padding=_END_KERNEL // 2)

    @property
    def hop(self) -> int:
        """Counts the samples per frame of the stretched latents."""
        return math.prod(self.config.factors)

    def forward(self, latents: torch.Tensor, voice: torch.Tensor) -> torch.Tensor:
        """Computes speech at 24 kHz.

        Shape: latents (B, M, D), voice (B, D) the autoregressive conditioning latent; output (B, 1, S * hop) with
        S = floor(4 * M * rate_ratio).
        """
        return self.speak(self.stretch(latents), voice)

    def stretch(self, latents: torch.Tensor) -> torch.Tensor:
        """Interpolates latents to the rate of mel frames. Shape: (B, M, D) to (B, D, S)."""
        x = F.interpolate(latents.transpose(1, 2), scale_factor=float(FRAMES_PER_CODE), mode="linear")
        return F.interpolate(x, scale_factor=self.config.rate_ratio, mode="linear")

    def settled_frames(self, codes: int) -> int:
        """Counts the leading frames of `stretch` that more latents after the first `codes` would not change."""
        if math.floor(FRAMES_PER_CODE * codes * self.config.rate_ratio) == FRAMES_PER_CODE * codes:
            return 0  # torch copies where sizes agree, whatever the ratio
        quarter = FRAMES_PER_CODE * codes - FRAMES_PER_CODE // 2  # from here on, the last latent is repeated
        frame = math.floor((quarter - 0.5) * self.config.rate_ratio - 0.5)  # the last that lies between earlier ones
        return max(0, frame)

    def speak(self, frames: torch.Tensor, voice: torch.Tensor) -> torch.Tensor:
        """Computes speech from stretched latents. Shape: frames (B, D, S), voice (B, D); output (B, 1, S * hop)."""
        x = self.conv_pre(frames) + self.cond_layer(voice[:, :, None])
        per_stage = len(self.config.res_kernels)
        for stage, up in enumerate(self.ups):
            x = up(F.leaky_relu(x, _SLOPE))
            blocks = self.resblocks[stage * per_stage : (stage + 1) * per_stage]
            x = torch.stack([block(x) for block in blocks]).mean(0)
        return torch.tanh(self.conv_post(F.leaky_relu(x, _LAST_SLOPE)))
