"""Owns what the sampling loops share: noise, guidance, the walk over the steps, one network call read as an estimate.

It must not know the network, nor any single sampler. Every loop takes one draw of noise per step, whatever its weight,
so that what is drawn after the loop (the vocoder's noise) does not depend on the sampler.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch

from tortoise_core.diffusion.process import GaussianDiffusion, StepEstimate
from tortoise_core.diffusion.schedule import NoiseSchedule

# (x (B, C, S), training timesteps int64 (B,)) -> network output (B, C or 2C, S)
Denoiser = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
# Called after every step with (sample, its clean-signal estimate), both (B, C, S).
StepObserver = Callable[[torch.Tensor, torch.Tensor], None]


@dataclass(frozen=True, eq=False)
class Guidance:
    """Classifier-free guidance (Ho and Salimans 2022, arXiv 2207.12598), ramped as in spec 5 unless told otherwise.

    Without `unconditioned`, the denoiser itself gives both outputs: 2B rows, those with conditioning first.
    """

    strength: torch.Tensor  # (B,); 0 leaves a row unguided. The published default is 2
    unconditioned: Denoiser | None = None
    ramp: bool = True


class SamplingLoop(Protocol):
    """The signature of every sampler's function."""

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
        """Turns noise into a clean signal; see `ancestral.sample_ancestral`."""


@dataclass(frozen=True)
class Sampler:
    """A sampling loop, and the steps that it needs."""

    loop: SamplingLoop
    spacing: Callable[[NoiseSchedule, int, float], NoiseSchedule]  # (training schedule, steps, until) to a run's

    def process(self, trained: GaussianDiffusion, steps: int, until: float = 1.0) -> GaussianDiffusion:
        """Chooses the `steps` steps of a run from the first `until` of a trained process.

        Raises `ConfigError` where the process has not that many.
        """
        return GaussianDiffusion(
            self.spacing(trained.schedule, steps, until),
            prediction=trained.prediction,
            learned_variance=trained.learned_variance,
        )


def row_noise(generators: Sequence[torch.Generator], channels: int, lengths: Sequence[int]) -> Iterator[torch.Tensor]:
    """Yields standard normal draws without end, each row from its own generator, zero past the row's length.

    A row's numbers depend on its generator and length alone, not on the other rows of the batch or on padding.

    Shape: each item (B, channels, max(lengths)) on the CPU.
    """
    while True:
        rows = [torch.randn(channels, n, generator=g) for g, n in zip(generators, lengths, strict=True)]
        yield torch.stack([torch.nn.functional.pad(row, (0, max(lengths) - row.shape[1])) for row in rows])


def shallow_start(process: GaussianDiffusion, mel: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
    """Adds the noise of the process's first step to an estimate of the clean signal, to start from there.

    Shallow diffusion (Liu et al. 2021, arXiv 2105.02446); `process` covers the last part of the training process only.

    Shape: mel, noise and result (B, C, S).
    """
    return process.q_sample(mel, len(process.schedule) - 1, noise)


def descending(process: GaussianDiffusion) -> Iterator[int]:
    """Yields the step indices from the noisiest to 0."""
    yield from reversed(range(len(process.schedule)))


def estimate_step(
    process: GaussianDiffusion, denoise: Denoiser, x: torch.Tensor, i: int, guidance: Guidance | None
) -> StepEstimate:
    """Runs the network at step i, guides its output, and reads it as the distribution of the step before."""
    t = torch.full((x.shape[0],), process.timestep(i), device=x.device)
    output = denoise(x, t)
    if guidance is not None:
        if guidance.unconditioned is None:
            output, bare = output.chunk(2)
        else:
            bare = guidance.unconditioned(x, t)
        output = process.guide(output, bare, i, guidance.strength, ramp=guidance.ramp)
    return process.estimate(output, x, i)
