"""Owns DPM-Solver++(2M), the sampler of fewest steps. It must not know the network, only the process."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from tortoise_core.diffusion.process import GaussianDiffusion
from tortoise_core.diffusion.samplers.loop import Denoiser, Guidance, Sampler, StepObserver, descending, estimate_step
from tortoise_core.diffusion.schedule import NoiseSchedule


@torch.no_grad()
def sample_dpmpp(
    process: GaussianDiffusion,
    denoise: Denoiser,
    x: torch.Tensor,
    noise: Iterator[torch.Tensor],
    *,
    guidance: Guidance | None = None,
    observe: StepObserver | None = None,
) -> torch.Tensor:
    """Removes noise by a second-order solver of the process's differential equation.

    Algorithm 2 of Lu et al. 2022 (arXiv 2211.01095) on the process's own steps: it extrapolates from the clean signals
    of this step and the one before, x_0 clamped to [-1, 1]; the step to the clean end, where log-SNR is infinite, is of
    first order. Deterministic given x. Arguments and shapes: `ancestral.sample_ancestral`.
    """
    alphas = process.schedule.alphas_cumprod
    log_snr = 0.5 * (alphas / (1 - alphas)).log()  # "lambda" of the paper: log(alpha / sigma)
    before: torch.Tensor | None = None
    for step in descending(process):
        x_start = estimate_step(process, denoise, x, step, guidance).x_start
        next(noise)
        if step == 0:
            x = x_start
        else:
            h = log_snr[step - 1] - log_snr[step]
            data = x_start
            if before is not None:
                data = x_start + 0.5 * float(h / (log_snr[step] - log_snr[step + 1])) * (x_start - before)
            shrink = ((1 - alphas[step - 1]) / (1 - alphas[step])).sqrt()
            x = float(shrink) * x - float(alphas[step - 1].sqrt() * torch.expm1(-h)) * data
        before = x_start
        if observe:
            observe(x, x_start)
    return x


SAMPLER = Sampler(sample_dpmpp, NoiseSchedule.log_snr_respaced)
