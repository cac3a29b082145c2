"""Owns ancestral sampling, the published sampler (spec 5). It must not know the network, only the process."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from tortoise_core.diffusion.process import GaussianDiffusion
from tortoise_core.diffusion.samplers.loop import Denoiser, Guidance, Sampler, StepObserver, descending, estimate_step
from tortoise_core.diffusion.schedule import NoiseSchedule
from tortoise_core.nn.upload import upload


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
    """Removes the noise of one step after another and adds fresh noise of that step's variance.

    Algorithm 2 of Ho et al. 2020 (arXiv 2006.11239) with x_0 clamped to [-1, 1] (spec 5).

    Args:
        process: the steps to walk, and how to read the network's output.
        denoise: the network.
        x: what to start from, noise or a noisy signal.
        noise: yields the normal draws of one step (B, C, S) at a time.
        guidance: classifier-free guidance; none leaves the network's output as it is.
        observe: called after every step.

    Shape: x (B, C, S) to the clean signal (B, C, S).
    """
    for i in descending(process):
        estimate = estimate_step(process, denoise, x, i, guidance)
        draw = next(noise)
        x = estimate.mean
        if i > 0:
            x = x + (0.5 * estimate.log_variance).exp() * upload(draw, x.device)
        if observe:
            observe(x, estimate.x_start)
    return x


SAMPLER = Sampler(sample_ancestral, NoiseSchedule.evenly_respaced)
