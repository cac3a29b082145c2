"""Losses on waveforms for training vocoders. Pure functions of tensors; knows no network."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

RESOLUTIONS = ((2048, 512), (1024, 256), (384, 96))  # (fft, hop) in samples


def magnitudes(wav: Tensor, fft: int, hop: int) -> Tensor:
    """Computes a magnitude spectrogram with a floor for the logarithm. Shape: (B, L) to (B, fft / 2 + 1, frames)."""
    window = torch.hann_window(fft, device=wav.device)
    spectrum = torch.stft(wav, fft, hop, window=window, center=True, return_complex=True)
    # the square root has no gradient at zero, so the floor goes inside
    return (spectrum.real**2 + spectrum.imag**2).clamp_min(1e-8).sqrt()


def multi_resolution_stft_loss(wav: Tensor, target: Tensor) -> Tensor:
    """Computes spectral convergence plus L1 of log magnitudes, averaged over resolutions (arXiv 1910.11480, eq. 4-6).

    Shape: (B, L) each, to ().
    """
    total = wav.new_zeros(())
    for fft, hop in RESOLUTIONS:
        ours = magnitudes(wav, fft, hop)
        theirs = magnitudes(target, fft, hop)
        size = torch.linalg.norm(theirs, dim=(1, 2)).clamp_min(1e-3)
        convergence = torch.linalg.norm(theirs - ours, dim=(1, 2)) / size
        total = total + convergence.mean() + F.l1_loss(ours.log(), theirs.log())
    return total / len(RESOLUTIONS)


def discriminator_loss(real: Sequence[Tensor], fake: Sequence[Tensor]) -> Tensor:
    """Computes the least-squares loss of the discriminators (arXiv 1611.04076): real is 1, fake is 0."""
    parts = [(1 - r).square().mean() + f.square().mean() for r, f in zip(real, fake, strict=True)]
    return torch.stack(parts).mean()


def generator_loss(fake: Sequence[Tensor]) -> Tensor:
    """Computes the least-squares loss of the generator: fakes should be scored as real."""
    return torch.stack([(1 - f).square().mean() for f in fake]).mean()


def feature_loss(real: Sequence[Tensor], fake: Sequence[Tensor]) -> Tensor:
    """Computes the L1 distance of the discriminators' inner features (arXiv 1910.06711, eq. 4)."""
    return torch.stack([F.l1_loss(f, r.detach()) for r, f in zip(real, fake, strict=True)]).mean()
