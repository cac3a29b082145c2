"""Owns the Gaussian diffusion process: adding noise, reading a network's output, the training loss (spec 5, 7.5).

It must not know the network: everything here takes the network's output as a tensor.
Throughout, x is (B, C, S), a step index `i` into the schedule's tables is int64 (B,), or one number for all rows, and a
mask is bool (B, S), True on real frames.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from tortoise_core.diffusion.schedule import NoiseSchedule
from tortoise_core.errors import ConfigError

Step = torch.Tensor | int  # a number costs a GPU nothing: its tables stay on the CPU

PREDICTIONS = ("epsilon", "v")


@dataclass(frozen=True, eq=False)
class StepEstimate:
    """One network call read as the distribution of the step before and the clean signal. All (B, C, S)."""

    mean: torch.Tensor
    variance: torch.Tensor
    log_variance: torch.Tensor
    x_start: torch.Tensor


@dataclass(frozen=True, eq=False)
class TrainingTerms:
    """The loss terms of each row, (B,), and the clean signal that the output implies, (B, C, S)."""

    loss: torch.Tensor
    mse: torch.Tensor
    vb: torch.Tensor  # variational bound in bits per value; 0 where the variance is fixed
    x_start: torch.Tensor


class GaussianDiffusion:
    """A diffusion process over one schedule, and the quantity that its network predicts.

    Args: `prediction` "epsilon" (published) or "v" (Salimans and Ho 2022, arXiv 2202.00512); `learned_variance`: the
    second half of the network's channels interpolates the log variance (Nichol and Dhariwal 2021, arXiv 2102.09672,
    eq. 15).
    Raises `ConfigError` for an unknown prediction.
    """

    def __init__(self, schedule: NoiseSchedule, *, prediction: str = "epsilon", learned_variance: bool = True) -> None:
        if prediction not in PREDICTIONS:
            raise ConfigError(f"a diffusion network cannot predict {prediction!r}: use one of {', '.join(PREDICTIONS)}")
        self.schedule = schedule
        self.prediction = prediction
        self.learned_variance = learned_variance

    def timesteps(self, i: torch.Tensor) -> torch.Tensor:
        """Looks up the training timesteps that the network gets for steps i. Shape: (B,) to (B,)."""
        return self.schedule.timestep_map.to(i.device)[i]

    def timestep(self, step: int) -> int:
        """Looks up the training timestep that the network gets for one step."""
        return int(self.schedule.timestep_map[step])

    def q_sample(self, x_start: torch.Tensor, i: Step, noise: torch.Tensor) -> torch.Tensor:
        """Adds the noise of step i to `x_start`: eq. 4 of Ho et al. 2020."""
        alphas = self.schedule.alphas_cumprod
        return _at(alphas.sqrt(), i) * x_start + _at((1 - alphas).sqrt(), i) * noise

    def target(self, x_start: torch.Tensor, i: Step, noise: torch.Tensor) -> torch.Tensor:
        """Computes what the network should predict for x_t = q_sample(x_start, i, noise)."""
        if self.prediction == "epsilon":
            return noise
        alphas = self.schedule.alphas_cumprod
        return _at(alphas.sqrt(), i) * noise - _at((1 - alphas).sqrt(), i) * x_start

    def x_start(self, x: torch.Tensor, i: Step, predicted: torch.Tensor) -> torch.Tensor:
        """Computes the clean signal that a prediction implies, not clamped."""
        if self.prediction == "epsilon":
            recip = _at(self.schedule.sqrt_recip_alphas_cumprod, i)
            return recip * x - _at(self.schedule.sqrt_recipm1_alphas_cumprod, i) * predicted
        alphas = self.schedule.alphas_cumprod
        return _at(alphas.sqrt(), i) * x - _at((1 - alphas).sqrt(), i) * predicted

    def implied_noise(self, x: torch.Tensor, i: Step, x_start: torch.Tensor) -> torch.Tensor:
        """Computes the noise that turns `x_start` into x at step i."""
        recip = _at(self.schedule.sqrt_recip_alphas_cumprod, i)
        return (recip * x - x_start) / _at(self.schedule.sqrt_recipm1_alphas_cumprod, i)

    def posterior_mean(self, x_start: torch.Tensor, x: torch.Tensor, i: Step) -> torch.Tensor:
        """Computes the mean of q(x_{t-1} | x_t, x_0): eq. 7 of Ho et al. 2020."""
        first = _at(self.schedule.posterior_mean_coef1, i)
        return first * x_start + _at(self.schedule.posterior_mean_coef2, i) * x

    def guide(
        self,
        output: torch.Tensor,
        unconditioned: torch.Tensor,
        i: Step,
        strength: torch.Tensor,
        *,
        ramp: bool = True,
    ) -> torch.Tensor:
        """Pushes an output away from the output without conditioning: classifier-free guidance (spec 5).

        The push grows from 0 at the noisiest training step to `strength` (B,) at the clean end, or without `ramp` is
        that strong all the way; variance channels are not guided. For "v" this is the same push, because noise and v
        are linear in each other at a given x.
        """
        # Position within the whole training process, so that a shallow start is guided like the end of a full run.
        # In float64 until it meets the outputs: the published process has it as a Python number.
        grown = 1 - _looked_up(self.schedule.position, i) if ramp else 1.0
        k = (strength.double() * grown)[:, None, None]
        predicted, variance = self._split(output)
        guided = (1 + k).float() * predicted - k.float() * self._split(unconditioned)[0]
        return guided if variance is None else torch.cat([guided, variance], dim=1)

    def estimate(self, output: torch.Tensor, x: torch.Tensor, i: Step, *, clip: bool = True) -> StepEstimate:
        """Reads a network output (B, C or 2C, S) at step i as a distribution of the step before; `clip` clamps x_0."""
        predicted, fraction = self._split(output)
        x_start = self.x_start(x, i, predicted)
        if clip:
            x_start = x_start.clamp(-1, 1)
        low = _at(self.schedule.posterior_log_variance_clipped, i)
        if fraction is None:
            log_variance = torch.zeros_like(x) + low
        else:
            fraction = (fraction + 1) / 2
            log_variance = fraction * _at(self.schedule.betas.log(), i) + (1 - fraction) * low
        mean = self.posterior_mean(x_start, x, i)
        return StepEstimate(mean, log_variance.exp(), log_variance, x_start)

    def training_terms(
        self,
        output: torch.Tensor,
        x_start: torch.Tensor,
        i: torch.Tensor,
        noise: torch.Tensor,
        mask: torch.Tensor | None = None,
    ) -> TrainingTerms:
        """Computes the loss of one network output for x_t = q_sample(x_start, i, noise).

        Squared error plus, where the variance is learned, the variational bound with the mean detached (spec 7.5; the
        "hybrid" loss of arXiv 2102.09672).
        """
        predicted, fraction = self._split(output)
        x = self.q_sample(x_start, i, noise)
        mse = _row_mean((self.target(x_start, i, noise) - predicted) ** 2, mask)
        vb = torch.zeros_like(mse)
        if fraction is not None:
            vb = self._variational_bound(torch.cat([predicted.detach(), fraction], dim=1), x_start, x, i, mask)
        return TrainingTerms(mse + vb, mse, vb, self.x_start(x, i, predicted))

    def _variational_bound(
        self, output: torch.Tensor, x_start: torch.Tensor, x: torch.Tensor, i: torch.Tensor, mask: torch.Tensor | None
    ) -> torch.Tensor:
        """Computes the KL divergence of the posterior from the estimate; at step 0 the likelihood of the data.

        Shape: (B,), in bits per value.
        """
        estimate = self.estimate(output, x, i, clip=False)
        true_mean = self.posterior_mean(x_start, x, i)
        true_log_variance = _at(self.schedule.posterior_log_variance_clipped, i)
        kl = _gaussian_kl(true_mean, true_log_variance, estimate.mean, estimate.log_variance)
        nll = -_discretised_log_likelihood(x_start, estimate.mean, 0.5 * estimate.log_variance)
        return _row_mean(torch.where((i == 0)[:, None, None], nll, kl), mask) / math.log(2)

    def _split(self, output: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Splits an output into prediction and variance fraction; None where the variance is fixed."""
        if not self.learned_variance:
            return output, None
        predicted, fraction = output.chunk(2, dim=1)
        return predicted, fraction


def _looked_up(table: torch.Tensor, i: Step) -> torch.Tensor:
    """Looks a table up at steps i: (B,), or () on the CPU, which a GPU's kernels take as a plain number."""
    return table[i] if isinstance(i, int) else table.to(i.device)[i]


def _at(table: torch.Tensor, i: Step) -> torch.Tensor:
    """Looks up a float64 table at steps i, as float32 (B, 1, 1), or () for one number."""
    values = _looked_up(table, i).float()
    return values if values.dim() == 0 else values[:, None, None]


def _row_mean(values: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
    """Averages over channels and real frames: (B, C, S) to (B,)."""
    if mask is None:
        return values.mean(dim=(1, 2))
    weight = mask[:, None, :].to(values.dtype)
    return (values * weight).sum(dim=(1, 2)) / (weight.sum(dim=(1, 2)) * values.shape[1])


def _gaussian_kl(
    mean1: torch.Tensor, log_variance1: torch.Tensor, mean2: torch.Tensor, log_variance2: torch.Tensor
) -> torch.Tensor:
    """Computes the KL divergence of normal 2 from normal 1, elementwise, in nats."""
    ratio = (log_variance1 - log_variance2).exp()
    # The constant first, as in the published loss: the terms nearly cancel, and float32 remembers the order.
    return 0.5 * (-1 + log_variance2 - log_variance1 + ratio + (mean1 - mean2) ** 2 * (-log_variance2).exp())


def _discretised_log_likelihood(x: torch.Tensor, mean: torch.Tensor, log_scale: torch.Tensor) -> torch.Tensor:
    """Computes the log probability of the bin of width 2/255 around x; the outer bins have no end.

    Eq. 13 of Ho et al. 2020.
    """
    centred = x - mean
    inverse = (-log_scale).exp()
    below = _normal_cdf(inverse * (centred - 1 / 255))
    above = _normal_cdf(inverse * (centred + 1 / 255))
    probability = torch.where(x < -0.999, above, torch.where(x > 0.999, 1 - below, above - below))
    return probability.clamp(min=1e-12).log()


def _normal_cdf(x: torch.Tensor) -> torch.Tensor:
    """Approximates the normal distribution function by a tanh, as the published loss does."""
    return 0.5 * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
