"""Owns the noise schedule: how much noise each step of the process holds (spec 5). Must not know network or audio.

Tables are float64 on the CPU, one entry per step of the (possibly respaced) process.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from tortoise_core.errors import ConfigError

TRAINED_STEPS = 4000  # of the published model


def linear_betas(steps: int) -> torch.Tensor:
    """Computes noise variances that rise linearly from 1e-4 to 2e-2 (spec 5).

    They are scaled so that the process ends equally noisy for any number of steps.

    Shape: float64 (steps,).
    """
    scale = 1000 / steps
    return torch.linspace(scale * 1e-4, scale * 2e-2, steps, dtype=torch.float64)


def space_timesteps(steps: int, sections: Sequence[int]) -> list[int]:
    """Chooses the timesteps to keep of `steps`, cut into equal sections; the i-th keeps `sections[i]`, evenly spaced.

    The first and last step of a section are kept where it keeps more than one. Raises `ConfigError` where a section is
    shorter than what it should keep.
    """
    kept: list[int] = []
    start = 0
    for index, count in enumerate(sections):
        size = steps // len(sections) + (index < steps % len(sections))
        if not 0 < count <= size:
            raise ConfigError(
                f"cannot keep {count} diffusion steps of {size} (section {index}): use at least 1, at most {size}"
            )
        stride = (size - 1) / (count - 1) if count > 1 else 1.0
        position = 0.0
        for _ in range(count):
            kept.append(start + round(position))  # Python rounds halves to even, as the published process does
            position += stride  # summed, not multiplied: float64 rounding decides some halves
        start += size
    return kept


@dataclass(frozen=True, eq=False)
class NoiseSchedule:
    """The per-step constants of a Gaussian diffusion process.

    Names follow Ho et al. 2020 (arXiv 2006.11239): q(x_t | x_0) has mean sqrt(alphas_cumprod) x_0 and variance
    1 - alphas_cumprod; q(x_{t-1} | x_t, x_0) is "the posterior" (eqs. 6 and 7).
    """

    timestep_map: torch.Tensor  # int64 (N,): the step of the training process that each step stands for
    position: torch.Tensor  # in the training process: 0 at the clean end, below 1 at the noisiest step
    betas: torch.Tensor
    trained_steps: int
    alphas_cumprod: torch.Tensor
    alphas_cumprod_prev: torch.Tensor
    posterior_variance: torch.Tensor
    posterior_log_variance_clipped: torch.Tensor
    posterior_mean_coef1: torch.Tensor  # of x_0
    posterior_mean_coef2: torch.Tensor  # of x_t
    sqrt_recip_alphas_cumprod: torch.Tensor
    sqrt_recipm1_alphas_cumprod: torch.Tensor

    @classmethod
    def linear(cls, steps: int = TRAINED_STEPS) -> NoiseSchedule:
        """Builds the training process: linear betas (spec 5). Raises `ConfigError` for fewer than two steps."""
        timesteps = torch.arange(steps)
        return cls._from_alphas(linear_betas(steps).neg().add(1).cumprod(0), timesteps, timesteps / steps, steps)

    def respaced(self, kept: Sequence[int]) -> NoiseSchedule:
        """Builds the same process seen at the `kept` steps of this one only, ascending (spec 5).

        Raises `ConfigError` for fewer than two steps: the posterior needs a predecessor.
        """
        index = torch.tensor(kept)
        timesteps = self.timestep_map[index]
        return self._from_alphas(
            self.alphas_cumprod[index], timesteps, timesteps.double() / self.trained_steps, self.trained_steps
        )

    def evenly_respaced(self, steps: int, until: float = 1.0) -> NoiseSchedule:
        """Keeps `steps` evenly spaced steps of the first `until` of this process; below 1 for a shallow start.

        Raises `ConfigError` where there are not that many steps.
        """
        schedule = self.respaced(space_timesteps(self._leading(until), [steps]))
        # The published process counts positions in whole steps of the run.
        span = (int(schedule.timestep_map[-1]) + 1) / self.trained_steps
        return replace(schedule, position=torch.arange(steps, dtype=torch.float64) * span / steps)

    def log_snr_respaced(self, steps: int, until: float = 1.0) -> NoiseSchedule:
        """Keeps `steps` steps of the first `until` of this process, as evenly spaced in log-SNR as whole steps can be.

        The spacing that Lu et al. 2022 (arXiv 2206.00927) derive their solvers for: few steps where much noise hides
        the signal, more towards the clean end. First and last step are kept. Raises `ConfigError` as `evenly_respaced`.
        """
        length = self._leading(until)
        if not 1 < steps <= length:
            raise ConfigError(f"cannot keep {steps} of {length} diffusion steps: use at least 2, at most {length}")
        alphas = self.alphas_cumprod[:length]
        log_snr = (alphas / (1 - alphas)).log()
        wanted = torch.linspace(float(log_snr[0]), float(log_snr[-1]), steps, dtype=torch.float64)
        nearest = (log_snr[None] - wanted[:, None]).abs().argmin(1).tolist()
        kept: list[int] = []
        for number, step in enumerate(nearest):  # at the clean end several may want the same step
            earliest = kept[-1] + 1 if kept else 0
            kept.append(min(max(step, earliest), length - steps + number))
        return self.respaced(kept)

    def _leading(self, until: float) -> int:
        """Counts the steps in the first `until` of this process."""
        if not 0 < until <= 1:
            raise ConfigError(
                f"a diffusion process cannot run over {until:g} of its length: use more than 0, at most 1"
            )
        return max(1, round(len(self) * until))

    @classmethod
    def _from_alphas(
        cls, alphas_cumprod: torch.Tensor, timesteps: torch.Tensor, position: torch.Tensor, trained_steps: int
    ) -> NoiseSchedule:
        """Derives all tables from the noise levels of the steps."""
        if len(alphas_cumprod) < 2:
            raise ConfigError(f"a diffusion process of {len(alphas_cumprod)} steps cannot be sampled: use at least 2")
        previous = torch.cat([torch.ones(1, dtype=torch.float64), alphas_cumprod[:-1]])
        betas = 1 - alphas_cumprod / previous
        noise = 1 - alphas_cumprod
        variance = betas * (1 - previous) / noise
        return cls(
            timestep_map=timesteps,
            position=position,
            betas=betas,
            trained_steps=trained_steps,
            alphas_cumprod=alphas_cumprod,
            alphas_cumprod_prev=previous,
            posterior_variance=variance,
            # The variance of the first step is 0; its logarithm borrows the second step's.
            posterior_log_variance_clipped=torch.cat([variance[1:2], variance[1:]]).log(),
            posterior_mean_coef1=betas * previous.sqrt() / noise,
            posterior_mean_coef2=(1 - previous) * (1 - betas).sqrt() / noise,
            sqrt_recip_alphas_cumprod=(1 / alphas_cumprod).sqrt(),
            sqrt_recipm1_alphas_cumprod=(1 / alphas_cumprod - 1).sqrt(),
        )

    def __len__(self) -> int:
        return len(self.betas)
