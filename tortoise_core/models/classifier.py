"""Owns the detector of clips that TorToise spoke (spec 3.7): waveform in, two logits out.

It must not know files or rates: callers give it 24 kHz samples.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F

from tortoise_core.nn.attention import AttentionBlock
from tortoise_core.nn.normalization import GroupNorm

LONGEST_CLIP_SAMPLES = 220_000  # at 24 kHz; the published script reads no more
SYNTHETIC = 0  # index of the class "spoken by TorToise"


@dataclass(frozen=True)
class ClassifierConfig:
    """Sizes of the network. The defaults are the published ones (spec 3.7)."""

    classes: int = 2
    in_channels: int = 1
    channels: int = 32  # doubled by every stage
    stages: int = 5
    res_blocks: int = 2  # per stage
    kernel: int = 5
    downsample: int = 4  # per stage
    embedding: int = 512
    attention_blocks: int = 4
    heads: int = 4
    dropout: float = 0.0


_SMOOTHED_MASS = 0.2  # moved from class 0 to the others by `classification_loss`


class ResBlock(nn.Module):
    """Two normalised convolutions and a residual add; the second starts at zero. Shape: (B, C, T) to the same."""

    def __init__(self, channels: int, kernel: int, dropout: float) -> None:
        super().__init__()
        last = nn.Conv1d(channels, channels, kernel, padding=kernel // 2)
        for parameter in last.parameters():
            nn.init.zeros_(parameter)
        first = nn.Conv1d(channels, channels, kernel, padding=kernel // 2)
        self.in_layers = nn.Sequential(GroupNorm(channels), nn.SiLU(), first)
        self.out_layers = nn.Sequential(GroupNorm(channels), nn.SiLU(), nn.Dropout(dropout), last)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """One block; see the class for shapes."""
        return x + self.out_layers(self.in_layers(x))


class Downsample(nn.Module):
    """A strided convolution that doubles the channels. Shape: (B, C, T) to (B, 2C, ceil(T / factor))."""

    def __init__(self, channels: int, kernel: int, factor: int) -> None:
        super().__init__()
        self.op = nn.Conv1d(channels, 2 * channels, kernel, stride=factor, padding=kernel // 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """One step down; see the class for shapes."""
        return self.op(x)


class AudioEncoder(nn.Module):
    """Encodes a clip as one vector: the first position after a strided convolutional stack and attention.

    Shape: (B, in_channels, T) to (B, embedding).
    """

    def __init__(self, config: ClassifierConfig) -> None:
        super().__init__()
        width = config.channels
        self.init = nn.Sequential(nn.Conv1d(config.in_channels, width, 3, padding=1))
        self.res = nn.Sequential()
        for _ in range(config.stages):
            self.res.extend(ResBlock(width, config.kernel, config.dropout) for _ in range(config.res_blocks))
            self.res.append(Downsample(width, config.kernel, config.downsample))
            width *= 2
        self.final = nn.Sequential(GroupNorm(width), nn.SiLU(), nn.Conv1d(width, config.embedding, 1))
        self.attn = nn.Sequential(
            *(AttentionBlock(config.embedding, config.heads) for _ in range(config.attention_blocks))
        )

    def forward(self, clip: torch.Tensor) -> torch.Tensor:
        """Encodes; see the class for shapes."""
        return self.attn(self.final(self.res(self.init(clip))))[:, :, 0]


class TortoiseClassifier(nn.Module):
    """The detector, under the published keys of `classifier.pth`."""

    def __init__(self, config: ClassifierConfig) -> None:
        super().__init__()
        self.config = config
        self.enc = AudioEncoder(config)
        self.head = nn.Linear(config.embedding, config.classes)

    def forward(self, clip: torch.Tensor) -> torch.Tensor:
        """Computes the logits of the classes. Shape: clip (B, 1, T) at 24 kHz, output (B, classes)."""
        return self.head(self.enc(clip))

    @torch.no_grad()
    def synthetic_probability(self, clip: torch.Tensor) -> torch.Tensor:
        """Computes the probability that TorToise spoke each clip, from its first 9.2 s. Shape: (B, 1, T) to (B,)."""
        return F.softmax(self(clip[..., :LONGEST_CLIP_SAMPLES]), dim=-1)[:, SYNTHETIC]


def classification_loss(logits: torch.Tensor, labels: torch.Tensor, *, distribute_zero: bool = False) -> torch.Tensor:
    """Computes the mean cross-entropy. `distribute_zero` moves a fifth of class 0's mass to the other classes.

    Shape: logits (B, classes), labels int64 (B,), output ().
    """
    target = F.one_hot(labels, logits.shape[1]).to(logits.dtype)
    if distribute_zero:
        unsure = torch.full_like(target[0], _SMOOTHED_MASS / (logits.shape[1] - 1))
        unsure[0] = 1 - _SMOOTHED_MASS
        target = torch.where((labels == 0)[:, None], unsure, target)
    return F.cross_entropy(logits, target)
