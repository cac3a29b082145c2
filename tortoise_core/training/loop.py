"""The training loop, once, for every network: optimise, average, log, checkpoint, resume to the step.

A stage (see `stages`) says what is trained on what; this module says how. It knows nothing of speech.

Resuming is exact because nothing depends on when a run was interrupted: the batch of step n is a function of n alone,
random numbers are seeded from the step, and a checkpoint holds weights, averages, optimiser states and the step.
"""

from __future__ import annotations

import json
import logging
import math
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from tortoise_core.errors import CheckpointError, ConfigError
from tortoise_core.training.optimizers import LoopConfig, learning_rate, make_optimizers

log = logging.getLogger(__name__)
CHECKPOINT = "checkpoint.pt"
Batch = Mapping[str, Tensor]


@dataclass(frozen=True, eq=False)
class Phase:
    """One optimiser's share of a step: a GAN has two (discriminator, generator), everything else has one."""

    name: str
    modules: tuple[nn.Module, ...]
    loss: Callable[[Batch], tuple[Tensor, dict[str, Tensor]]]
    first_step: int = 0  # skipped before (a discriminator that waits until there is something to judge)


class Stage(Protocol):
    """What is trained, on what."""

    @property
    def model(self) -> nn.Module:
        """What is exported; its moving average is kept."""

    @property
    def phases(self) -> tuple[Phase, ...]:
        """What happens in one step, in order."""

    def batch(self, step: int) -> Batch:
        """The training batch of a step; a function of the step alone."""

    def validate(self) -> dict[str, float]:
        """Figures on held-out data, of the averaged weights (they are in `model` during the call)."""


@dataclass
class Progress:
    """Where a run stands."""

    step: int = 0
    seconds: float = 0.0
    history: list[dict[str, float]] = field(default_factory=list)


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
        self.stage, self.config, self.folder = stage, config, folder
        self.device = device or torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.progress = Progress()
        for phase in stage.phases:
            for module in phase.modules:
                module.to(self.device)
        self._optimizers = {phase.name: make_optimizers(phase.modules, config) for phase in stage.phases}
        self._average = {name: value.detach().clone() for name, value in stage.model.state_dict().items()}
        folder.mkdir(parents=True, exist_ok=True)
        if (folder / CHECKPOINT).exists():
            self._load()

    def run(self, minutes: float = math.inf) -> Progress:
        """Trains until the configured step, or for so many minutes; returns where it stands. Call again to go on."""
        deadline = time.monotonic() + minutes * 60
        started = time.monotonic() - self.progress.seconds
        if self.progress.step == 0:
            self._validate()  # what the weights are worth that training begins with
        while self.progress.step < self.config.steps and time.monotonic() < deadline:
            metrics = self._step(self.progress.step)
            self.progress.step += 1
            self.progress.seconds = time.monotonic() - started
            step = self.progress.step
            if step % self.config.log_every == 0:
                self._log({"step": step, "seconds": round(self.progress.seconds, 1), **_floats(metrics)})
            if step % self.config.validate_every == 0:
                self._validate()
            if step % self.config.checkpoint_every == 0:
                self.save()
        self.save()
        return self.progress

    def _validate(self) -> None:
        with self.averaged():
            figures = self.stage.validate()
        self._log({"step": self.progress.step, **{f"valid_{name}": value for name, value in figures.items()}})

    def _step(self, step: int) -> dict[str, Tensor]:
        torch.manual_seed(hash_seed(self.config.seed, step))
        batch = {name: value.to(self.device, non_blocking=True) for name, value in self.stage.batch(step).items()}
        metrics: dict[str, Tensor] = {}
        for phase in self.stage.phases:
            if step < phase.first_step:
                continue
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
            metrics |= {phase.name: loss.detach(), f"{phase.name}_norm": norm.detach(), **parts}
        self._average_weights(step)
        return metrics

    @torch.no_grad()
    def _average_weights(self, step: int) -> None:
        # A short memory at first, so that the average does not drag the random start along.
        decay = min(self.config.ema_decay, (1 + step) / (10 + step))
        for name, value in self.stage.model.state_dict().items():
            if value.is_floating_point():
                self._average[name].lerp_(value.detach(), 1 - decay)
            else:
                self._average[name].copy_(value)

    def averaged(self) -> _Swapped:
        """Context in which the model holds the averaged weights and is in evaluation mode."""
        return _Swapped(self.stage.model, self._average)

    def save(self) -> None:
        """Writes the checkpoint."""
        state = {
            "step": self.progress.step,
            "seconds": self.progress.seconds,
            "average": self._average,
            "modules": {p.name: [m.state_dict() for m in p.modules] for p in self.stage.phases},
            "optimizers": {name: [o.state_dict() for o in optimizers] for name, optimizers in self._optimizers.items()},
        }
        write_checkpoint(self.folder, state)

    def _load(self) -> None:
        path = self.folder / CHECKPOINT
        state = torch.load(path, map_location=self.device, weights_only=True)
        try:
            if "modules" in state:
                self._load_modules(state)
            else:  # weights of a finished model: see `begin_with_weights`
                self.stage.model.load_state_dict(state["average"])
        except (KeyError, RuntimeError, ValueError) as error:
            raise CheckpointError(f"{path} belongs to another configuration ({error}); use a new folder") from error
        self._average = state["average"]
        self.progress = Progress(state["step"], state["seconds"])
        log.info("resumed %s at step %d", path, self.progress.step)

    def _load_modules(self, state: Mapping[str, Any]) -> None:
        for phase in self.stage.phases:
            for module, weights in zip(phase.modules, state["modules"][phase.name], strict=True):
                module.load_state_dict(weights)
        for name, optimizers in self._optimizers.items():
            for optimizer, kept in zip(optimizers, state["optimizers"][name], strict=True):
                optimizer.load_state_dict(kept)

    def _log(self, record: dict[str, float]) -> None:
        self.progress.history.append(record)
        with (self.folder / "log.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")
        log.info("%s", record)


class _Swapped:
    """Puts other weights into a model and the old ones back, whatever happens in between."""

    def __init__(self, model: nn.Module, weights: dict[str, Tensor]) -> None:
        self._model, self._weights = model, weights

    def __enter__(self) -> nn.Module:
        self._saved = {name: value.detach().clone() for name, value in self._model.state_dict().items()}
        self._was_training = self._model.training
        self._model.load_state_dict(self._weights)
        return self._model.eval()

    def __exit__(self, *_: object) -> None:
        self._model.load_state_dict(self._saved)
        self._model.train(self._was_training)


def begin_with_weights(folder: Path, weights: Mapping[str, Tensor]) -> None:
    """Writes a checkpoint of step 0 from which a run begins with the weights of a finished model.

    A model folder holds averaged weights alone. So the network and its average begin with them; optimisers, and modules
    that are never exported (discriminators), begin anew.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_checkpoint(folder, {"step": 0, "seconds": 0.0, "average": dict(weights)})


def write_checkpoint(folder: Path, state: Mapping[str, Any]) -> None:
    """Writes a run's checkpoint to a temporary name, flushed, then renamed: a kill leaves the old one or the new."""
    temporary = folder / (CHECKPOINT + ".tmp")
    with temporary.open("wb") as file:
        torch.save(dict(state), file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(folder / CHECKPOINT)


def hash_seed(*parts: int) -> int:
    """A seed for (seed, step, ...) that does not repeat for neighbouring steps."""
    value = 0x9E3779B97F4A7C15
    for part in parts:
        value = ((value ^ (part + 0x632BE59BD9B4E019)) * 0xBF58476D1CE4E5B9) % 2**64
        value ^= value >> 31
    return value % 2**63


def _floats(metrics: Mapping[str, Tensor]) -> dict[str, float]:
    return {name: round(float(value), 5) for name, value in metrics.items()}
