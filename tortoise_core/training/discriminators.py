"""Discriminators that teach a vocoder to sound real; used in training only, never exported.

Multi-period (HiFi-GAN, arXiv 2010.05646) sees pitch periods, multi-resolution (UnivNet, arXiv 2106.07889) sees
spectrograms. Both are much narrower than in the papers: they must run on two CPU cores. Knows no
losses and no vocoder.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import weight_norm

from tortoise_core.training.losses import magnitudes

SLOPE = 0.1


@dataclass(frozen=True, eq=False)
class DiscriminatorOutput:
    """Output of discriminators: one score map each, and the inner features for the feature loss."""

    scores: list[Tensor]
    features: list[Tensor]


class _ConvStack(nn.Module):
    """Convolutions with leaky ReLUs over an image; every output but the last is a feature."""

    def __init__(self, channels: Sequence[int], kernel: tuple[int, int], strides: Sequence[tuple[int, int]]) -> None:
        super().__init__()
        padding = (kernel[0] // 2, kernel[1] // 2)
        pairs = zip(channels, channels[1:], strides, strict=False)
        self.layers = nn.ModuleList(weight_norm(nn.Conv2d(a, b, kernel, s, padding)) for a, b, s in pairs)
        self.post = weight_norm(nn.Conv2d(channels[-1], 1, 3, padding=1))

    def forward(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        features: list[Tensor] = []
        for layer in self.layers:
            x = F.leaky_relu(layer(x), SLOPE)
            features.append(x)
        return self.post(x), features


class PeriodDiscriminator(nn.Module):
    """Folds the waveform into rows of `period` samples, so that a column holds every period-th sample."""

    def __init__(self, period: int, width: int) -> None:
        super().__init__()
        self.period = period
        widths = [1, width, 2 * width, 4 * width, 4 * width]
        self.stack = _ConvStack(widths, (5, 1), [(3, 1), (3, 1), (3, 1), (1, 1)])

    def forward(self, wav: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Scores a waveform. Shape: (B, L)."""
        wav = F.pad(wav, (0, -wav.shape[1] % self.period), mode="reflect")
        return self.stack(wav.view(len(wav), 1, -1, self.period))


class SpectrogramDiscriminator(nn.Module):
    """Scores the log-magnitude spectrogram of one resolution."""

    def __init__(self, fft: int, hop: int, width: int) -> None:
        super().__init__()
        self.fft = fft
        self.hop = hop
        widths = [1, width, width, width, width]
        self.stack = _ConvStack(widths, (5, 3), [(2, 1), (2, 1), (2, 2), (2, 2)])

    def forward(self, wav: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Scores a waveform. Shape: (B, L)."""
        return self.stack(magnitudes(wav, self.fft, self.hop).log()[:, None])


class VocoderDiscriminator(nn.Module):
    """All discriminators together."""

    def __init__(self, periods: Sequence[int], resolutions: Sequence[tuple[int, int]], width: int) -> None:
        super().__init__()
        self.discriminators = nn.ModuleList(
            [PeriodDiscriminator(period, width) for period in periods]
            + [SpectrogramDiscriminator(fft, hop, width) for fft, hop in resolutions]
        )

    def forward(self, wav: Tensor, active: Sequence[int]) -> DiscriminatorOutput:
        """Runs the discriminators with the numbers `active`. Shape: wav (B, L)."""
        scores: list[Tensor] = []
        features: list[Tensor] = []
        for number in active:
            score, inner = self.discriminators[number](wav)
            scores.append(score.float())
            features.extend(feature.float() for feature in inner)
        return DiscriminatorOutput(scores, features)
