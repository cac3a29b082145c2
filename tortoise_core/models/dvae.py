"""Owns the discrete autoencoder that turns mel frames into speech codes and back (spec 3.9).

Published sizes are the defaults; the published program uses it for training alone. The embedded model switches on what
the paper recommends (spec 8.1): a low-dimensional, L2-normalised codebook (ViT-VQGAN, arXiv 2110.04627). Must not know
text or audio files.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tortoise_core.errors import ConfigError


@dataclass(frozen=True)
class DiscreteVAEConfig:
    """Sizes of the autoencoder; the defaults are those of the published file."""

    channels: int = 80  # mel bins
    hidden: int = 512
    layers: int = 2  # each halves the frame rate
    res_blocks: int = 3
    kernel: int = 3
    codes: int = 8192
    code_dim: int = 512
    normalize_codes: bool = False  # compare directions instead of points
    decay: float = 0.99  # of the moving averages that are the codebook
    mel_shift: float = 0.0  # input = (mel - shift) / scale; the published front-end is normalised already
    mel_scale: float = 1.0


@dataclass(frozen=True, eq=False)
class DiscreteVAEOutput:
    """The result of one pass.

    Shape: `reconstruction` (B, channels, S), `codes` (B, M), their vectors `quantized` (B, M, D), losses ();
    M = ceil(S / 4).
    """

    reconstruction: Tensor
    codes: Tensor
    quantized: Tensor
    reconstruction_loss: Tensor
    commitment_loss: Tensor


class ResBlock(nn.Module):
    """conv3 - ReLU - conv3 - ReLU - conv1 with an identity path."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv1d(channels, channels, 3, padding=1),
            nn.ReLU(),
            nn.Conv1d(channels, channels, 3, padding=1),
            nn.ReLU(),
            nn.Conv1d(channels, channels, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Shape: (B, C, T) to (B, C, T)."""
        return self.net(x) + x


class UpsampledConv(nn.Module):
    """Nearest-neighbour doubling followed by a convolution; free of the checkerboard of transposed convolutions."""

    def __init__(self, channels_in: int, channels_out: int, kernel: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(channels_in, channels_out, kernel, padding=kernel // 2)

    def forward(self, x: Tensor) -> Tensor:
        """Shape: (B, C_in, T) to (B, C_out, 2 T)."""
        return self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))


class Quantizer(nn.Module):
    """Vector quantiser whose codebook is a moving average of the vectors given to each code (arXiv 1711.00937, A.1)."""

    embed: Tensor
    cluster_size: Tensor
    embed_avg: Tensor

    def __init__(self, dim: int, codes: int, decay: float, normalize: bool) -> None:
        super().__init__()
        self.decay = decay
        self.normalize = normalize
        self.eps = 1e-5
        embed = torch.randn(dim, codes)
        if normalize:
            embed = F.normalize(embed, dim=0)
        self.register_buffer("embed", embed)
        self.register_buffer("cluster_size", torch.zeros(codes))
        self.register_buffer("embed_avg", embed.clone())

    def nearest(self, z: Tensor) -> Tensor:
        """Finds the closest code. Shape: (N, D) to indices (N,)."""
        return self._distances(z).min(1).indices

    def ranked(self, z: Tensor, count: int) -> Tensor:
        """Finds the `count` closest codes, the closest first. Shape: (N, D) to indices (N, count)."""
        return self._distances(z).topk(count, dim=1, largest=False).indices

    def _distances(self, z: Tensor) -> Tensor:
        """Computes squared Euclidean distances to all codes. Shape: (N, D) to (N, codes)."""
        distances = z @ self.embed  # everything else is done in place: each further tensor would cost as much again
        distances.mul_(-2).add_(z.pow(2).sum(1, keepdim=True)).add_(self.embed.pow(2).sum(0, keepdim=True))
        return distances

    def lookup(self, codes: Tensor) -> Tensor:
        """Looks up the vectors of codes. Shape: (...) to (..., D)."""
        return F.embedding(codes, self.embed.T)

    def forward(self, z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Quantises with a straight-through gradient; in training mode it also moves the codebook.

        Shape: (B, T, D) to quantised (B, T, D), commitment loss (), codes (B, T).
        """
        if self.normalize:
            z = F.normalize(z, dim=-1)
        flat = z.reshape(-1, z.shape[-1]).float()
        codes = self.nearest(flat)
        quantized = self.lookup(codes).view_as(z)
        if self.training:
            self._move(flat.detach(), codes)
        commitment = F.mse_loss(z, quantized.detach())
        return z + (quantized - z).detach(), commitment, codes.view(z.shape[:-1])

    @torch.no_grad()
    def _move(self, flat: Tensor, codes: Tensor) -> None:
        """Moves each code towards the mean of its vectors. Shape: (N, D), (N,)."""
        counts = torch.bincount(codes, minlength=self.cluster_size.shape[0]).to(flat)
        sums = torch.zeros_like(self.embed).index_add_(1, codes, flat.T)
        if torch.distributed.is_available() and torch.distributed.is_initialized():
            torch.distributed.all_reduce(counts)
            torch.distributed.all_reduce(sums)
        self.cluster_size.lerp_(counts, 1 - self.decay)
        self.embed_avg.lerp_(sums, 1 - self.decay)
        total = self.cluster_size.sum()
        smoothed = (self.cluster_size + self.eps) / (total + self.cluster_size.shape[0] * self.eps) * total
        embed = self.embed_avg / smoothed
        self.embed.copy_(F.normalize(embed, dim=0) if self.normalize else embed)

    @torch.no_grad()
    def revive(self, z: Tensor, threshold: float) -> int:
        """Replaces codes used less than `threshold` times a batch on average by random vectors of `z` (N, D).

        Without it a large codebook collapses (spec 7.3). Returns how many were replaced.
        """
        dead = (self.cluster_size < threshold).nonzero()[:, 0]
        if len(dead) == 0:
            return 0
        if self.normalize:
            z = F.normalize(z, dim=-1)
        picked = z[torch.randint(len(z), (len(dead),))].float()
        self.embed[:, dead] = picked.T
        self.embed_avg[:, dead] = picked.T * threshold
        self.cluster_size[dead] = threshold
        return len(dead)


class DiscreteVAE(nn.Module):
    """Encodes mel frames as codes at a quarter of the frame rate, and decodes them.

    Raises `ConfigError` for sizes that cannot be built.
    """

    def __init__(self, config: DiscreteVAEConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or DiscreteVAEConfig()
        if config.layers < 1 or config.kernel % 2 == 0:
            raise ConfigError(
                f"a dVAE needs at least one layer and an odd kernel, not {config.layers} and {config.kernel}"
            )
        widths = [config.hidden * 2**i for i in range(config.layers)]  # 512, 1024
        inner = widths[-1]
        pad = config.kernel // 2
        encoder: list[nn.Module] = []
        for narrow, wide in zip([config.channels, *widths], widths, strict=False):
            encoder.append(nn.Sequential(nn.Conv1d(narrow, wide, config.kernel, stride=2, padding=pad), nn.ReLU()))
        encoder += [ResBlock(inner) for _ in range(config.res_blocks)]
        encoder.append(nn.Conv1d(inner, config.code_dim, 1))
        decoder: list[nn.Module] = [nn.Conv1d(config.code_dim, inner, 1)]
        decoder += [ResBlock(inner) for _ in range(config.res_blocks)]
        for wide, narrow in zip([inner, *reversed(widths)], reversed(widths), strict=False):
            decoder.append(nn.Sequential(UpsampledConv(wide, narrow, config.kernel), nn.ReLU()))
        decoder.append(nn.Conv1d(widths[0], config.channels, 1))
        self.encoder = nn.Sequential(*encoder)
        self.decoder = nn.Sequential(*decoder)
        self.codebook = Quantizer(config.code_dim, config.codes, config.decay, config.normalize_codes)

    def encode_vectors(self, mel: Tensor) -> Tensor:
        """Runs the encoder without quantisation. Shape: (B, channels, S) to (B, ceil(S / 4), D)."""
        normalized = (mel - self.config.mel_shift) / self.config.mel_scale
        return self.encoder(normalized).transpose(1, 2)

    @torch.inference_mode()
    def encode(self, mel: Tensor) -> Tensor:
        """Encodes mel frames. Shape: (B, channels, S) to codes (B, ceil(ceil(S / 2) / 2)), int64."""
        z = self._compared(mel)
        return self.codebook.nearest(z.flatten(0, 1)).view(z.shape[:-1])

    @torch.inference_mode()
    def candidates(self, mel: Tensor, count: int) -> Tensor:
        """Finds the `count` codes nearest to each output of the encoder; the first is that of `encode`, but for ties.

        Shape: (B, channels, S) to (B, M, count), int64.
        """
        z = self._compared(mel)
        return self.codebook.ranked(z.flatten(0, 1), count).view(*z.shape[:-1], count)

    def _compared(self, mel: Tensor) -> Tensor:
        """Computes the vectors that are compared with the codebook. Shape: as `encode_vectors`, float32."""
        z = self.encode_vectors(mel)
        return (F.normalize(z, dim=-1) if self.config.normalize_codes else z).float()

    def decode(self, codes: Tensor) -> Tensor:
        """Decodes rows of codes to mel frames. Shape: (B, M) int64 to (B, channels, 4 M)."""
        return self._decode_vectors(self.codebook.lookup(codes))

    def _decode_vectors(self, vectors: Tensor) -> Tensor:
        """Decodes code vectors. Shape: (B, M, D) to (B, channels, 4 M)."""
        return self.decoder(vectors.transpose(1, 2)) * self.config.mel_scale + self.config.mel_shift

    def forward(self, mel: Tensor) -> DiscreteVAEOutput:
        """Encodes, quantises and decodes; frames must be a multiple of 4 so that the lengths agree.

        Shape: (B, channels, S). The reconstruction loss is measured in normalised units.
        """
        quantized, commitment, codes = self.codebook(self.encode_vectors(mel))
        reconstruction = self._decode_vectors(quantized)
        loss = F.mse_loss(reconstruction, mel) / self.config.mel_scale**2
        return DiscreteVAEOutput(reconstruction, codes, quantized, loss, commitment)
