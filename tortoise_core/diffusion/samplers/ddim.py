"""Owns DDIM, the paper's deterministic sampler (spec 5). It must not know the network, only the process."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from tortoise_core.diffusion.process import GaussianDiffusion
from tortoise_core.diffusion.samplers.loop import Denoiser, Guidance, Sampler, StepObserver, descending, estimate_step
from tortoise_core.diffusion.schedule import NoiseSchedule
from tortoise_core.nn.upload import upload


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
    """Removes the noise of one step after another along a path that the start alone decides.

    Eq. 12 of Song et al. 2020 (arXiv 2010.02502), the noise re-derived from x_0 clamped to [-1, 1] (spec 5). `eta` 0
    adds no noise, 1 adds that of ancestral sampling. Other arguments and shapes: `ancestral.sample_ancestral`.
    """
    schedule = process.schedule
    for step in descending(process):
        estimate = estimate_step(process, denoise, x, step, guidance)
        alpha = schedule.alphas_cumprod[step].float()
        previous = schedule.alphas_cumprod_prev[step].float()
        sigma = eta * ((1 - previous) / (1 - alpha)).sqrt() * (1 - alpha / previous).sqrt()  # eq. 16
        direction = (1 - previous - sigma**2).sqrt() * process.implied_noise(x, step, estimate.x_start)
        draw = next(noise)
        x = previous.sqrt() * estimate.x_start + direction
        if eta > 0 and step:
            x = x + sigma * upload(draw, x.device)
        if observe:
            observe(x, estimate.x_start)
    return x


SAMPLER = Sampler(sample_ddim, NoiseSchedule.evenly_respaced)
