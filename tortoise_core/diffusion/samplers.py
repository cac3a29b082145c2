"""Owns the sampling loops: pure functions from noise to a clean signal. They know the process, not the network.

Every loop takes one draw of noise per step, whatever its weight, so that what is drawn after the loop (the vocoder's
noise) does not depend on the sampler.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

import torch

from tortoise_core.diffusion.process import GaussianDiffusion, StepEstimate
from tortoise_core.diffusion.schedule import NoiseSchedule
from tortoise_core.errors import ConfigError

# (x (B, C, S), training timesteps int64 (B,)) -> network output (B, C or 2C, S)
Denoiser = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
# Called after every step with (sample, its clean-signal estimate), both (B, C, S).
StepObserver = Callable[[torch.Tensor, torch.Tensor], None]


@dataclass(frozen=True, eq=False)
class Guidance:
    """Conditioning-free guidance (Ho and Salimans 2022, arXiv 2207.12598), ramped as in spec 5.

    Without `unconditioned`, the denoiser itself answers for both: 2B rows, those with conditioning first.
    """

    strength: torch.Tensor  # (B,); 0 leaves a row alone. The published default is 2
    unconditioned: Denoiser | None = None


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
    """DPM-Solver++(2M), algorithm 2 of Lu et al. 2022 (arXiv 2211.01095), on the process's own steps.

    Second order from the clean signals of this step and the one before, x_0 clamped to [-1, 1]; the step to the clean
    end, where log-SNR is infinite, is of first order. Deterministic given x. Shapes as `sample_ancestral`.
    """
    alphas = process.schedule.alphas_cumprod
    log_snr = 0.5 * (alphas / (1 - alphas)).log()  # "lambda" of the paper: log(alpha / sigma)
    before: torch.Tensor | None = None
    for i in _descending(process, x):
        x_start = _estimate(process, denoise, x, i, guidance).x_start
        next(noise)
        step = int(i[0])
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


class SamplingLoop(Protocol):
    """What every loop above is."""

    def __call__(
        self,
        process: GaussianDiffusion,
        denoise: Denoiser,
        x: torch.Tensor,
        noise: Iterator[torch.Tensor],
        *,
        guidance: Guidance | None = None,
        observe: StepObserver | None = None,
    ) -> torch.Tensor:
        """From noise to a clean signal."""


@dataclass(frozen=True)
class Sampler:
    """A loop and the steps it walks best: (the training schedule, steps, until) to the schedule of a run."""

    loop: SamplingLoop
    spacing: Callable[[NoiseSchedule, int, float], NoiseSchedule]

    def process(self, trained: GaussianDiffusion, steps: int, until: float = 1.0) -> GaussianDiffusion:
        """`steps` network evaluations of the first `until` of a trained process. Raises `ConfigError`."""
        return GaussianDiffusion(
            self.spacing(trained.schedule, steps, until),
            prediction=trained.prediction,
            learned_variance=trained.learned_variance,
        )


SAMPLERS: Mapping[str, Sampler] = MappingProxyType(
    {
        "ancestral": Sampler(sample_ancestral, NoiseSchedule.evenly_respaced),
        "ddim": Sampler(sample_ddim, NoiseSchedule.evenly_respaced),
        "dpmpp": Sampler(sample_dpmpp, NoiseSchedule.log_snr_respaced),
    }
)


def sampler_named(name: str) -> Sampler:
    """One of `SAMPLERS`. Raises `ConfigError` for another name."""
    try:
        return SAMPLERS[name]
    except KeyError:
        raise ConfigError(f"unknown sampler {name!r}: use one of {', '.join(SAMPLERS)}") from None


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
        if guidance.unconditioned is None:
            output, bare = output.chunk(2)
        else:
            bare = guidance.unconditioned(x, t)
        output = process.guide(output, bare, i, guidance.strength)
    return process.estimate(output, x, i)
