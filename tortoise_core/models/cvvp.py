"""Owns CVVP, the network that scores how well speech codes fit a voice (spec 3.3). Must not know sampling or audio."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F

from tortoise_core.nn.attention import AttentionBlock
from tortoise_core.nn.contrastive import info_nce, mean_over_time, pair_scores
from tortoise_core.nn.encoder import Encoder


@dataclass(frozen=True)
class CvvpConfig:
    """Sizes. The defaults are the published `cvvp.pth`."""

    width: int = 512
    heads: int = 8
    conditioning_layers: int = 8
    speech_layers: int = 8
    dropout: float = 0.0
    mels: int = 80
    code_tokens: int = 8192
    latent_width: int = 512


class VoiceEncoder(nn.Module):
    """Runs an encoder, then convolutional attention, then averages over time. Shape: (B, T, C) to (B, C)."""

    def __init__(self, width: int, layers: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.transformer = Encoder(width, layers, heads, ff_mult=1, dropout=dropout)
        self.pre_combiner = nn.Sequential(
            nn.Conv1d(width, width, 1), AttentionBlock(width, heads), nn.Conv1d(width, width, 1)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Encodes a sequence to one vector."""
        return mean_over_time(self.pre_combiner(self.transformer(x).transpose(1, 2)).transpose(1, 2))


class Cvvp(nn.Module):
    """Contrastive voice-voice pretraining: maps reference clips and codes to one space."""

    def __init__(self, config: CvvpConfig | None = None) -> None:
        super().__init__()
        self.config = c = config or CvvpConfig()
        self.cond_emb = nn.Sequential(
            nn.Conv1d(c.mels, c.width // 2, 5, stride=2, padding=2),
            nn.Conv1d(c.width // 2, c.width, 3, stride=2, padding=1),
        )
        self.conditioning_transformer = VoiceEncoder(c.width, c.conditioning_layers, c.heads, c.dropout)
        self.to_conditioning_latent = nn.Linear(c.width, c.latent_width, bias=False)
        self.speech_emb = nn.ModuleDict({"emb": nn.Embedding(c.code_tokens, c.width)})  # a level of the published names
        self.speech_transformer = VoiceEncoder(c.width, c.speech_layers, c.heads, c.dropout)
        self.to_speech_latent = nn.Linear(c.width, c.latent_width, bias=False)
        self.temperature = nn.Parameter(torch.tensor(1.0))

    def conditioning_latents(self, mel: torch.Tensor) -> torch.Tensor:
        """Computes latents (B, latent_width), not normalised, of reference mels (B, mels, S)."""
        return self.to_conditioning_latent(self.conditioning_transformer(self.cond_emb(mel).transpose(1, 2)))

    def speech_latents(self, codes: torch.Tensor) -> torch.Tensor:
        """Computes latents (B, latent_width), not normalised, of codes (B, M)."""
        return self.to_speech_latent(self.speech_transformer(self.speech_emb["emb"](codes)))

    def scores(self, mel: torch.Tensor, codes: torch.Tensor) -> torch.Tensor:
        """Scores how well each row of codes (B, M) fits the voice in its mel (B, mels, S): (B,), higher is better."""
        return pair_scores(self.conditioning_latents(mel), self.speech_latents(codes), self.temperature)

    def voice(self, mels: torch.Tensor) -> torch.Tensor:
        """Averages the directions of the latents of a voice's reference mels (n, mels, S): (1, latent_width).

        `voice_scores` of it is the mean of `scores` over the mels.
        """
        return F.normalize(self.conditioning_latents(mels), dim=-1).mean(0, keepdim=True)

    def voice_scores(self, voices: torch.Tensor, codes: torch.Tensor) -> torch.Tensor:
        """Scores how well each row of codes (B, M) fits its voice, a row of `voices` (B, latent_width): (B,)."""
        return (voices * F.normalize(self.speech_latents(codes), dim=-1)).sum(-1) * self.temperature.exp()

    def loss(self, mel: torch.Tensor, codes: torch.Tensor) -> torch.Tensor:
        """Computes symmetric InfoNCE over a batch of matching pairs."""
        return info_nce(self.conditioning_latents(mel), self.speech_latents(codes), self.temperature)
