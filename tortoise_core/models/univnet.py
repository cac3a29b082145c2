"""Owns the UnivNet vocoder (Jang et al. 2021, arXiv 2106.07889; spec 3.5): log-mel and noise in, waveform out.

It must not know where the mel comes from, nor draw its own noise: a result depends on the caller's seed alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F

from tortoise_core.audio.constants import DIFFUSION_MEL_BANDS
from tortoise_core.nn.weight_norm import WeightNormConv1d, WeightNormConvTranspose1d

_LVC_KERNEL = 3  # taps of the predicted kernels
_KERNEL = 3  # taps of the dilated convolutions
_END_KERNEL = 7  # taps of the first and the last convolution
_FIRST_KERNEL = 5  # taps of a kernel predictor's first convolution
_RESIDUAL_UNITS = 3  # of a kernel predictor

# The published inference puts silence behind the mel and drops its audio, so that the last sounds end cleanly.
SILENT_FRAMES = 10
SILENCE = -11.5129  # log-mel


@dataclass(frozen=True)
class UnivNetConfig:
    """Sizes of the network. The defaults are the published c32 ones (spec 3.5)."""

    noise_channels: int = 64
    channels: int = 32
    strides: tuple[int, ...] = (8, 8, 4)  # their product is the hop
    dilations: tuple[int, ...] = (1, 3, 9, 27)
    slope: float = 0.2  # of every leaky ReLU
    predictor_channels: int = 64
    predictor_kernel: int = 3
    mel_bands: int = DIFFUSION_MEL_BANDS
    dropout: float = 0.0  # in the kernel predictors

    @property
    def hop(self) -> int:
        """Counts the samples per mel frame."""
        return math.prod(self.strides)

    @property
    def context(self) -> int:
        """Counts the mel frames on either side that a frame's samples depend on, at most."""
        predictor = _FIRST_KERNEL // 2 + (2 * _RESIDUAL_UNITS + 1) * (self.predictor_kernel // 2)
        reach = _END_KERNEL // 2  # in samples of the stage that the loop is at, last one first
        mel = 0
        hop = self.hop
        for stride in reversed(self.strides):
            reach += sum(d * (_KERNEL // 2) + _LVC_KERNEL // 2 for d in self.dilations)
            mel = max(mel, math.ceil(reach / hop) + predictor)
            reach = math.ceil(reach / stride) + 1  # the transposed convolution reads both neighbours
            hop //= stride
        return max(mel, reach + _END_KERNEL // 2)


def location_variable_convolution(x: torch.Tensor, kernels: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """Convolves every mel frame's stretch of x with that frame's own kernel (LVCNet, arXiv 2102.10815).

    Shape: x (B, C_in, L * h), kernels (B, C_in, C_out, K, L), bias (B, C_out, L); output (B, C_out, L * h).
    """
    taps, frames = kernels.shape[3:]
    hop = x.shape[2] // frames
    windows = F.pad(x, (taps // 2, taps // 2)).unfold(2, hop + taps - 1, hop).unfold(3, taps, 1)  # (B, C_in, L, h, K)
    out = torch.einsum("bilhk,biokl->bolh", windows, kernels) + bias[..., None]
    return out.flatten(2)


def location_variable_convolution_reference(x: torch.Tensor, kernels: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """Computes the same as `location_variable_convolution`, one frame at a time: slow and obvious, for tests."""
    taps, frames = kernels.shape[3:]
    hop = x.shape[2] // frames
    padded = F.pad(x, (taps // 2, taps // 2))
    rows = []
    for row in range(x.shape[0]):
        pieces = [
            F.conv1d(
                padded[row : row + 1, :, frame * hop : (frame + 1) * hop + taps - 1],
                kernels[row, :, :, :, frame].transpose(0, 1),
                bias[row, :, frame],
            )
            for frame in range(frames)
        ]
        rows.append(torch.cat(pieces, dim=2))
    return torch.cat(rows)


class KernelPredictor(nn.Module):
    """Predicts each frame's convolution kernels from the mel, for all layers of a block at once.

    Shape: mel (B, bands, L) to kernels (B, layers, C, 2C, 3, L) and biases (B, layers, 2C, L).
    """

    def __init__(self, config: UnivNetConfig) -> None:
        super().__init__()
        self.shape = (len(config.dilations), config.channels, 2 * config.channels, _LVC_KERNEL)
        layers, c_in, c_out, taps = self.shape
        hidden = config.predictor_channels
        k = config.predictor_kernel

        def conv(channels_out: int) -> WeightNormConv1d:
            return WeightNormConv1d(hidden, channels_out, k, padding=k // 2)

        first = WeightNormConv1d(config.mel_bands, hidden, _FIRST_KERNEL, padding=_FIRST_KERNEL // 2)
        self.input_conv = nn.Sequential(first, nn.LeakyReLU(config.slope))
        self.residual_convs = nn.ModuleList(
            nn.Sequential(
                nn.Dropout(config.dropout),
                conv(hidden),
                nn.LeakyReLU(config.slope),
                conv(hidden),
                nn.LeakyReLU(config.slope),
            )
            for _ in range(_RESIDUAL_UNITS)
        )
        self.kernel_conv = conv(layers * c_in * c_out * taps)
        self.bias_conv = conv(layers * c_out)

    def forward(self, mel: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Predicts kernels and biases; see the class for shapes."""
        layers, c_in, c_out, taps = self.shape
        batch, _, frames = mel.shape
        c = self.input_conv(mel)
        for unit in self.residual_convs:
            c = c + unit(c)
        kernels = self.kernel_conv(c).view(batch, layers, c_in, c_out, taps, frames)
        return kernels, self.bias_conv(c).view(batch, layers, c_out, frames)


class LVCBlock(nn.Module):
    """Up-samples, then refines with gated location-variable convolutions.

    Shape: x (B, C, T), mel (B, bands, L) to (B, C, T * stride), where T * stride = L * h.
    """

    def __init__(self, config: UnivNetConfig, stride: int) -> None:
        super().__init__()
        channels = config.channels
        odd = stride % 2
        up = WeightNormConvTranspose1d(
            channels, channels, 2 * stride, stride=stride, padding=stride // 2 + odd, output_padding=odd
        )
        self.kernel_predictor = KernelPredictor(config)
        self.convt_pre = nn.Sequential(nn.LeakyReLU(config.slope), up)
        self.conv_blocks = nn.ModuleList(
            nn.Sequential(
                nn.LeakyReLU(config.slope),
                WeightNormConv1d(channels, channels, _KERNEL, dilation=dilation, padding=dilation),
                nn.LeakyReLU(config.slope),
            )
            for dilation in config.dilations
        )

    def forward(self, x: torch.Tensor, mel: torch.Tensor) -> torch.Tensor:
        """Runs one block; see the class for shapes."""
        x = self.convt_pre(x)
        kernels, biases = self.kernel_predictor(mel)
        for layer, conv in enumerate(self.conv_blocks):
            out = location_variable_convolution(conv(x), kernels[:, layer], biases[:, layer])
            gate, value = out.chunk(2, dim=1)
            x = x + torch.sigmoid(gate) * torch.tanh(value)
        return x


class UnivNet(nn.Module):
    """The generator, under the published keys of `vocoder.pth`'s `model_g`.

    Use `nn.weight_norm.fold_weight_norm` after loading: same output, faster.
    """

    def __init__(self, config: UnivNetConfig) -> None:
        super().__init__()
        self.config = config
        self.res_stack = nn.ModuleList(LVCBlock(config, stride) for stride in config.strides)

        def end(channels_in: int, channels_out: int) -> WeightNormConv1d:
            return WeightNormConv1d(channels_in, channels_out, _END_KERNEL, padding=_END_KERNEL // 2, reflect=True)

        self.conv_pre = end(config.noise_channels, config.channels)
        self.conv_post = nn.Sequential(nn.LeakyReLU(config.slope), end(config.channels, 1), nn.Tanh())

    def forward(self, mel: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
        """Runs the network alone.

        Shape: mel (B, bands, L) natural-log mel, noise (B, noise_channels, L) standard normal; output (B, 1, L * hop).
        """
        x = self.conv_pre(noise)
        for block in self.res_stack:
            x = block(x, mel)
        return self.conv_post(x)

    @torch.no_grad()
    def vocode(self, mel: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
        """Computes speech from a mel: appends silence, drops its audio, clamps the rest to [-1, 1] (spec 3.5).

        Shape: mel (B, bands, L), noise (B, noise_channels, L + SILENT_FRAMES); output (B, 1, L * hop).
        """
        padded = F.pad(mel, (0, SILENT_FRAMES), value=SILENCE)
        return self(padded, noise)[..., : mel.shape[2] * self.config.hop].clamp(-1, 1)
