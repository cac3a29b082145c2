"""Owns the network that makes a voice from noise (spec 3.6). Must not know what the latents are for."""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional as F

_HIDDEN_LAYERS = 5
_LEARNING_RATE_SCALE = 0.1
_NEGATIVE_SLOPE = 0.2


class EqualLinear(nn.Module):
    """A linear layer that scales its weights at run time, then a leaky ReLU of unit gain (StyleGAN 2, appendix B).

    Shape: (B, channels) to the same.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(channels, channels) / _LEARNING_RATE_SCALE)
        self.bias = nn.Parameter(torch.zeros(channels))
        self.scale = _LEARNING_RATE_SCALE / math.sqrt(channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Applies the layer."""
        x = F.linear(x, self.weight * self.scale, self.bias * _LEARNING_RATE_SCALE)
        return F.leaky_relu(x, _NEGATIVE_SLOPE) * math.sqrt(2)


class RandomLatentGenerator(nn.Module):
    """Maps standard normal noise to conditioning latents. Shape: (B, channels) to the same.

    Published sizes: 1024 channels for the autoregressive latent, 2048 for the diffusion latent.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels
        hidden = [EqualLinear(channels) for _ in range(_HIDDEN_LAYERS)]
        self.layers = nn.Sequential(*hidden, nn.Linear(channels, channels))

    def forward(self, noise: torch.Tensor) -> torch.Tensor:
        """Maps noise to latents."""
        return self.layers(noise)

    def sample(self, generator: torch.Generator) -> torch.Tensor:
        """Draws one random voice (1, channels), its noise on the CPU from `generator`."""
        noise = torch.randn(1, self.channels, generator=generator)
        return self(noise.to(next(self.parameters()).device))
