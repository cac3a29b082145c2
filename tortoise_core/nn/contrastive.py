"""Owns what contrastive networks share: pooling, similarity and loss. Must not know what is contrasted."""

from __future__ import annotations

import torch
from torch.nn import functional as F


def mean_over_time(x: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
    """Averages x (B, T, C) over the positions whose `mask` (B, T) is True, or over all, to (B, C)."""
    if mask is None:
        return x.mean(1)
    weight = mask[:, :, None].to(x.dtype)
    return (x * weight).sum(1) / weight.sum(1)


def pair_scores(first: torch.Tensor, second: torch.Tensor, temperature: torch.Tensor) -> torch.Tensor:
    """Computes the scaled cosine (B,) of each pair of rows of two (B, C) tensors; `temperature`: log of the scale."""
    return (F.normalize(first, dim=-1) * F.normalize(second, dim=-1)).sum(-1) * temperature.exp()


def info_nce(
    first: torch.Tensor, second: torch.Tensor, temperature: torch.Tensor, others: torch.Tensor | None = None
) -> torch.Tensor:
    """Computes the symmetric InfoNCE loss () of matching rows of two (B, C) tensors.

    van den Oord et al. 2018; CLIP, fig. 3. `others` (N, C) are further negatives: they match no row of `first`.
    """
    first = F.normalize(first, dim=-1)
    second = F.normalize(second, dim=-1)
    scale = temperature.exp()
    target = torch.arange(len(first), device=first.device)
    similarity = first @ second.T * scale
    back = F.cross_entropy(similarity.T, target)
    if others is not None:
        similarity = torch.cat([similarity, first @ F.normalize(others, dim=-1).T * scale], dim=1)
    return (F.cross_entropy(similarity, target) + back) / 2
