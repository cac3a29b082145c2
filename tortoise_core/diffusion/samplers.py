"""Owns the sampling loops: pure functions from noise to a clean signal. They know the process, not the network.

Every loop takes one draw of noise per step, whatever its weight, so that what is drawn after the loop (the vocoder's
noise) does not depend on the sampler.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch

from tortoise_core.diffusion.process import GaussianDiffusion, StepEstimate

# (x (B, C, S), training timesteps int64 (B,)) -> network output (B, C or 2C, S)
Denoiser = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
# Called after every step with (sample, its clean-signal estimate), both (B, C, S).
StepObserver = Callable[[torch.Tensor, torch.Tensor], None]


@dataclass(frozen=True, eq=False)
class Guidance:
    """Conditioning-free guidance (Ho and Salimans 2022, arXiv 2207.12598), ramped as in spec 5."""

    unconditioned: Denoiser
    strength: torch.Tensor  # (B,); 0 leaves a row alone. The published default is 2


def row_noise(generators: Sequence[torch.Generator], channels: int, lengths: Sequence[int]) -> Iterator[torch.Tensor]:
    """Endless standard normal draws, each row from its own generator, zero past the row's length.

    A row's numbers depend on its generator and length alone, not on its batch mates or their padding.

    Shape: each item (B, channels, max(lengths)) on the CPU.
    """
    while True:
        rows = [torch.randn(channels, n, generator=g) for g, n in zip(generators, lengths, strict=True)]
        yield torch.stack([torch.nn.functional.pad(row, (0, max(lengths) - row.shape[1])) for row in rows])


def shallow_start(process: GaussianDiffusion, mel: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
    """Where to start from an estimate of the clean signal instead of from pure noise.

    Shallow diffusion (Liu et al. 2021, arXiv 2105.02446); `process` runs on
    `NoiseSchedule.evenly_respaced(steps, until=fraction)`.

    Shape: mel, noise and result (B, C, S).
    """
    last = torch.full((mel.shape[0],), len(process.schedule) - 1, device=mel.device)
    return process.q_sample(mel, last, noise)


@torch.no_grad()
def sample_ancestral(
    process: GaussianDiffusion,
    denoise: Denoiser,
    x: torch.Tensor,
    noise: Iterator[torch.Tensor],
    *,
    guidance: Guidance | None = None,
    observe: StepObserver | None = None,
) -> torch.Tensor:
    """Algorithm 2 of Ho et al. 2020 (arXiv 2006.11239) with x_0 clamped to [-1, 1]; the published sampler (spec 5).

    Shape: x (B, C, S) starting noise, result (B, C, S). `noise` yields one (B, C, S) per step.
    """
    for i in _descending(process, x):
        estimate = _estimate(process, denoise, x, i, guidance)
        draw = next(noise).to(x)
        x = estimate.mean + (i > 0)[:, None, None] * (0.5 * estimate.log_variance).exp() * draw
        if observe:
            observe(x, estimate.x_start)
    return x


@torch.no_grad()
def sample_ddim(
    process: GaussianDiffusion,
    denoise: Denoiser,
    x: torch.Tensor,
    noise: Iterator[torch.Tensor],
    *,
    eta: float = 0.0,
    guidance: Guidance | None = None,
    observe: StepObserver | None = None,
) -> torch.Tensor:
    """Eq. 12 of Song et al. 2020 (arXiv 2010.02502), the noise re-derived from x_0 clamped to [-1, 1] (spec 5).

    `eta` 0 is deterministic given x, 1 has the variance of ancestral sampling. Shapes as `sample_ancestral`.
    """
    schedule = process.schedule
    for i in _descending(process, x):
        estimate = _estimate(process, denoise, x, i, guidance)
        step = int(i[0])
        alpha, previous = schedule.alphas_cumprod[step].float(), schedule.alphas_cumprod_prev[step].float()
        sigma = eta * ((1 - previous) / (1 - alpha)).sqrt() * (1 - alpha / previous).sqrt()  # eq. 16
        direction = (1 - previous - sigma**2).sqrt() * process.implied_noise(x, i, estimate.x_start)
        draw = next(noise).to(x)
        x = previous.sqrt() * estimate.x_start + direction + (sigma * draw if step else 0.0)
        if observe:
            observe(x, estimate.x_start)
    return x


def _descending(process: GaussianDiffusion, x: torch.Tensor) -> Iterator[torch.Tensor]:
    """Step indices from the noisiest to 0, one (B,) at a time."""
    for step in reversed(range(len(process.schedule))):
        yield torch.full((x.shape[0],), step, device=x.device)


def _estimate(
    process: GaussianDiffusion, denoise: Denoiser, x: torch.Tensor, i: torch.Tensor, guidance: Guidance | None
) -> StepEstimate:
    t = process.timesteps(i)
    output = denoise(x, t)
    if guidance is not None:
        output = process.guide(output, guidance.unconditioned(x, t), i, guidance.strength)
    return process.estimate(output, x, i)
