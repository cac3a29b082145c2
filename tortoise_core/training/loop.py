"""The training loop, once, for every network: optimises, averages, logs, writes checkpoints, resumes to the step.

A stage (see `stages`) says what is trained on what; this module says how. It knows nothing of speech.

Resuming is exact because nothing depends on when a run was interrupted: the batch of step n is a function of n alone,
random numbers are seeded from the step, and a checkpoint holds weights, averages, optimiser states and the step.
"""

from __future__ import annotations

import json
import logging
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from tortoise_core.errors import CheckpointError, ConfigError
from tortoise_core.training.checkpoint import CHECKPOINT, read_checkpoint, write_checkpoint
from tortoise_core.training.optimizers import OptimizerConfig, learning_rate, make_optimizers

log = logging.getLogger(__name__)

Batch = Mapping[str, Tensor]


@dataclass(frozen=True)
class LoopConfig(OptimizerConfig):
    """How a stage is optimised, averaged, logged and kept."""

    grad_clip: float = 1.0  # the largest norm that the gradient of a step may have
    ema_decay: float = 0.999  # of the moving average of the weights
    bf16: bool = True
    seed: int = 0
    log_every: int = 20
    validate_every: int = 500
    checkpoint_every: int = 250


@dataclass(frozen=True, eq=False)
class Phase:
    """One optimiser's share of a step: a GAN has two (discriminator, generator), everything else has one."""

    name: str
    modules: tuple[nn.Module, ...]
    loss: Callable[[Batch], tuple[Tensor, dict[str, Tensor]]]
    first_step: int = 0  # skipped before (a discriminator waits until there is something to tell from speech)


class Stage(Protocol):
    """What is trained, on what."""

    @property
    def model(self) -> nn.Module:
        """What is exported; its moving average is kept."""

    @property
    def phases(self) -> tuple[Phase, ...]:
        """What happens in one step, in order."""

    def batch(self, step: int) -> Batch:
        """Makes the training batch of a step; a function of the step alone."""

    def validate(self) -> dict[str, float]:
        """Measures the averaged weights (they are in `model` during the call) on held-out data."""


@dataclass
class TrainingState:
    """How far a run has come."""

    step: int = 0
    seconds: float = 0.0


class Trainer:
    """Runs a stage in a folder that holds its checkpoint and its log (`log.jsonl`)."""

    def __init__(self, stage: Stage, config: LoopConfig, folder: Path, device: torch.device | None = None) -> None:
        if config.steps < 1 or not 0 <= config.ema_decay < 1:
            raise ConfigError(
                f"training needs steps >= 1 and 0 <= ema_decay < 1, not {config.steps}, {config.ema_decay}"
            )
        names = [name for phase in stage.phases for module in phase.modules for name, _ in module.named_parameters()]
        for prefix in config.muon:
            if not any(name.startswith(prefix) for name in names):
                raise ConfigError(f"muon: no parameter has a name that begins with {prefix!r}")
        self.stage = stage
        self.config = config
        self.folder = folder
        self.device = device or torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.state = TrainingState()
        for phase in stage.phases:
            for module in phase.modules:
                module.to(self.device)
        self._optimizers = {phase.name: make_optimizers(phase.modules, config) for phase in stage.phases}
        self._average = {name: value.detach().clone() for name, value in stage.model.state_dict().items()}
        folder.mkdir(parents=True, exist_ok=True)
        if (folder / CHECKPOINT).exists():
            self._load()

    def run(self, minutes: float = math.inf, stop: Callable[[], bool] = lambda: False) -> TrainingState:
        """Trains until the configured step, or for so many minutes, and returns how far it came; call again to go on.

        The first line of the log is what the weights are worth that a run begins with. `stop` is asked before each step
        whether to end with this checkpoint.
        """
        deadline = time.monotonic() + minutes * 60
        started = time.monotonic() - self.state.seconds
        if self.state.step == 0:
            self._validate()
        while self.state.step < self.config.steps and time.monotonic() < deadline and not stop():
            metrics = self._step(self.state.step)
            self.state.step += 1
            self.state.seconds = time.monotonic() - started
            step = self.state.step
            if step % self.config.log_every == 0:
                self._log({"step": step, "seconds": round(self.state.seconds, 1), **_floats(metrics)})
            if step % self.config.validate_every == 0:
                self._validate()
            if step % self.config.checkpoint_every == 0:
                self.save()
        self.save()
        return self.state

    def averaged(self) -> _Swapped:
        """Returns a context in which the model holds the averaged weights and is in evaluation mode."""
        return _Swapped(self.stage.model, self._average)

    def save(self) -> None:
        """Writes the checkpoint."""
        state = {
            "step": self.state.step,
            "seconds": self.state.seconds,
            "average": self._average,
            "modules": {p.name: [m.state_dict() for m in p.modules] for p in self.stage.phases},
            "optimizers": {name: [o.state_dict() for o in optimizers] for name, optimizers in self._optimizers.items()},
        }
        write_checkpoint(self.folder, state)

    def _step(self, step: int) -> dict[str, Tensor]:
        """Runs the phases of one step and returns their losses, gradient norms and whatever else they report."""
        torch.manual_seed(hash_seed(self.config.seed, step))
        batch = {name: value.to(self.device, non_blocking=True) for name, value in self.stage.batch(step).items()}
        metrics: dict[str, Tensor] = {}
        for phase in self.stage.phases:
            if step >= phase.first_step:
                metrics |= self._phase(phase, batch, step)
        self._average_weights(step)
        return metrics

    def _phase(self, phase: Phase, batch: Batch, step: int) -> dict[str, Tensor]:
        optimizers = self._optimizers[phase.name]
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = learning_rate(step, self.config)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.config.bf16):
            loss, parts = phase.loss(batch)
        parameters = [p for module in phase.modules for p in module.parameters() if p.requires_grad]
        for parameter in parameters:
            parameter.grad = None
        loss.backward()
        norm = nn.utils.clip_grad_norm_(parameters, self.config.grad_clip)
        if torch.isfinite(norm):  # one bad batch must not poison the averages for good
            for optimizer in optimizers:
                optimizer.step()
        return {phase.name: loss.detach(), f"{phase.name}_norm": norm.detach(), **parts}

    @torch.no_grad()
    def _average_weights(self, step: int) -> None:
        # A short memory at first, so that the average does not drag the random start along.
        decay = min(self.config.ema_decay, (1 + step) / (10 + step))
        for name, value in self.stage.model.state_dict().items():
            if value.is_floating_point():
                self._average[name].lerp_(value.detach(), 1 - decay)
            else:
                self._average[name].copy_(value)

    def _validate(self) -> None:
        with self.averaged():
            figures = self.stage.validate()
        self._log({"step": self.state.step, **{f"valid_{name}": value for name, value in figures.items()}})

    def _load(self) -> None:
        kept = read_checkpoint(self.folder, self.device)
        try:
            if kept.modules is None:  # weights of a finished model: see `begin_with_weights`
                self.stage.model.load_state_dict(kept.average)
            else:
                self._load_modules(kept.modules, kept.optimizers)
        except (KeyError, RuntimeError, ValueError) as error:
            raise CheckpointError(
                f"{self.folder / CHECKPOINT} belongs to another configuration ({error}); use a new folder"
            ) from error
        self._average = kept.average
        self.state = TrainingState(kept.step, kept.seconds)
        log.info("resumed %s at step %d", self.folder / CHECKPOINT, self.state.step)

    def _load_modules(self, modules: Mapping[str, Any], optimizers: Mapping[str, Any]) -> None:
        for phase in self.stage.phases:
            for module, weights in zip(phase.modules, modules[phase.name], strict=True):
                module.load_state_dict(weights)
        for name, own in self._optimizers.items():
            for optimizer, kept in zip(own, optimizers[name], strict=True):
                optimizer.load_state_dict(kept)

    def _log(self, record: dict[str, float]) -> None:
        with (self.folder / "log.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")
        log.info("%s", record)


class _Swapped:
    """Puts other weights into a model and the old ones back, whatever happens in between."""

    def __init__(self, model: nn.Module, weights: dict[str, Tensor]) -> None:
        self._model = model
        self._weights = weights

    def __enter__(self) -> nn.Module:
        self._saved = {name: value.detach().clone() for name, value in self._model.state_dict().items()}
        self._was_training = self._model.training
        self._model.load_state_dict(self._weights)
        return self._model.eval()

    def __exit__(self, *_: object) -> None:
        self._model.load_state_dict(self._saved)
        self._model.train(self._was_training)


def hash_seed(*parts: int) -> int:
    """Returns a seed for (seed, step, ...) that does not repeat for neighbouring steps."""
    value = 0x9E3779B97F4A7C15
    for part in parts:
        value = ((value ^ (part + 0x632BE59BD9B4E019)) * 0xBF58476D1CE4E5B9) % 2**64
        value ^= value >> 31
    return value % 2**63


def _floats(metrics: Mapping[str, Tensor]) -> dict[str, float]:
    return {name: round(float(value), 5) for name, value in metrics.items()}
