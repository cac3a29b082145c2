"""Owns the checkpoint of a run: one file, replaced as a whole. Knows nothing of how training works."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

CHECKPOINT = "checkpoint.pt"
_OLD_PHASES = {"judge": "discriminator"}  # names in checkpoints of earlier versions


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """What a checkpoint holds. `modules` is None where a run begins with a finished model's weights."""

    step: int
    seconds: float
    average: dict[str, Tensor]  # the averaged weights of what is exported
    modules: Mapping[str, list[dict[str, Tensor]]] | None = None  # by phase
    optimizers: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)  # by phase


def read_checkpoint(folder: Path, device: torch.device | str = "cpu") -> Checkpoint:
    """Reads a run's checkpoint, of this version or an earlier one."""
    state = torch.load(folder / CHECKPOINT, map_location=device, weights_only=True)
    modules = state.get("modules")
    if modules is not None:
        modules = {_OLD_PHASES.get(phase, phase): list(map(_renamed, kept)) for phase, kept in modules.items()}
    optimizers = {_OLD_PHASES.get(phase, phase): kept for phase, kept in state.get("optimizers", {}).items()}
    return Checkpoint(state["step"], state["seconds"], state["average"], modules, optimizers)


def write_checkpoint(folder: Path, state: Mapping[str, Any]) -> None:
    """Writes a run's checkpoint to a temporary name, flushed, then renamed: a kill leaves the old one or the new."""
    temporary = folder / (CHECKPOINT + ".tmp")
    with temporary.open("wb") as file:
        torch.save(dict(state), file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(folder / CHECKPOINT)


def begin_with_weights(folder: Path, weights: Mapping[str, Tensor]) -> None:
    """Writes a checkpoint of step 0 from which a run begins with the weights of a finished model.

    A model folder holds averaged weights alone. So the network and its average begin with them; optimisers, and modules
    that are never exported (discriminators), begin anew.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_checkpoint(folder, {"step": 0, "seconds": 0.0, "average": dict(weights)})


def _renamed(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {re.sub(r"^judges\.", "discriminators.", name): value for name, value in weights.items()}
