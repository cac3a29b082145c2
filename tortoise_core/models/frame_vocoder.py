"""Owns the embedded model's vocoder: a network that predicts a complex spectrogram, then one inverse STFT.

The published model has UnivNet (`univnet.py`). This one computes 94 frames a second instead of 24,000 samples, so that
it trains and speaks on two CPU cores. Source: Vocos, arXiv 2306.00814 (ConvNeXt backbone, ISTFT head). Must not know
text or codes.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from tortoise_core.nn.convnext import KERNEL, ConvNeXtBlock


@dataclass(frozen=True)
class FrameVocoderConfig:
    """Sizes of the vocoder. `hop` must be that of the mel front-end."""

    mels: int = 100
    width: int = 256
    hidden: int = 768  # of the feed-forward part of each block
    layers: int = 8
    fft: int = 1024
    hop: int = 256
    mel_shift: float = -6.0  # input = (mel - shift) / scale: about zero mean and unit variance on speech
    mel_scale: float = 3.0

    @property
    def context(self) -> int:
        """Counts the mel frames on either side that a frame's samples depend on, at most."""
        return (self.layers + 1) * (KERNEL // 2) + self.fft // (2 * self.hop)


class FrameVocoder(nn.Module):
    """Turns log-mel frames (the 24 kHz front-end, spec 1.2) into a waveform, 256 samples a frame."""

    window: Tensor

    def __init__(self, config: FrameVocoderConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or FrameVocoderConfig()
        self.embed = nn.Conv1d(config.mels, config.width, KERNEL, padding=KERNEL // 2)
        self.norm = nn.LayerNorm(config.width, eps=1e-6)
        self.blocks = nn.ModuleList(
            ConvNeXtBlock(config.width, config.hidden, config.layers) for _ in range(config.layers)
        )
        self.final_norm = nn.LayerNorm(config.width, eps=1e-6)
        self.head = nn.Linear(config.width, config.fft + 2)
        self.register_buffer("window", torch.hann_window(config.fft), persistent=False)
        for module in self.modules():
            if isinstance(module, nn.Conv1d | nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def spectrum(self, mel: Tensor) -> Tensor:
        """Predicts the complex STFT of the waveform. Shape: (B, mels, S) to (B, fft / 2 + 1, S)."""
        x = (mel - self.config.mel_shift) / self.config.mel_scale
        x = self.norm(self.embed(x).transpose(1, 2))
        for block in self.blocks:
            x = block(x)
        log_magnitude, phase = self.head(self.final_norm(x)).float().transpose(1, 2).chunk(2, dim=1)
        magnitude = log_magnitude.clamp(max=5.0).exp()  # e^5 is louder than full scale at this window
        return torch.polar(magnitude, phase)

    def forward(self, mel: Tensor) -> Tensor:
        """Computes the waveform, 256 samples for each mel frame (the frame's centre is its first sample).

        Shape: (B, mels, S) to (B, 256 * S), float32, not clamped.
        """
        spectrum = self.spectrum(mel)
        # A centred STFT of L = 256 S samples has S + 1 frames; the front-end drops the last, so repeat ours.
        spectrum = torch.cat([spectrum, spectrum[:, :, -1:]], dim=2)
        return torch.istft(
            spectrum, self.config.fft, self.config.hop, window=self.window, length=mel.shape[2] * self.config.hop
        )
