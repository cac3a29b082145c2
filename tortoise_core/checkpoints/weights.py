"""Owns weights files: reading and writing safetensors, and the check that tensors belong to a network.

It must not know the networks, nor the published names.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import nn

from tortoise_core.errors import CheckpointError, DamagedWeightsError

_REMEDY = ": these are the weights of another network; import or fetch the model again"


def read_tensors(path: Path) -> dict[str, torch.Tensor]:
    """Reads all tensors of a safetensors file to the CPU. Raises `CheckpointError` for a missing or damaged file."""
    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise _unreadable(path, error) from error


def read_shapes(path: Path) -> dict[str, torch.Size]:
    """Reads names and shapes from the header of a safetensors file alone. Raises as `read_tensors`."""
    try:
        with safe_open(path, framework="pt") as file:
            return {key: torch.Size(file.get_slice(key).get_shape()) for key in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise _unreadable(path, error) from error


def write_tensors(path: Path, tensors: Mapping[str, torch.Tensor], dtype: torch.dtype | None = None) -> None:
    """Writes a safetensors file; `dtype` (for instance float16) applies to floating-point tensors only.

    Raises `CheckpointError` for a value that the type cannot hold, and where the file cannot be written.
    """
    stored = {}
    for key, tensor in tensors.items():
        # Cloned, because the format refuses tensors that share memory.
        value = tensor.detach().cpu().to(dtype if dtype and tensor.is_floating_point() else tensor.dtype)
        if value.is_floating_point() and not value.isfinite().all() and tensor.isfinite().all():
            raise CheckpointError(f"{path.name}: {key} holds values too large for {value.dtype}; store it as float32")
        stored[key] = value.clone(memory_format=torch.contiguous_format)
    try:
        save_file(stored, path)
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"cannot write {path}: {error}") from error


def check_shapes(model: nn.Module, shapes: Mapping[str, torch.Size], source: str) -> None:
    """Compares names and shapes with those of a network: none may be missing, none unexpected.

    Raises `CheckpointError` naming `source` and the first tensors that do not fit.
    """
    wanted = {key: value.shape for key, value in model.state_dict().items()}
    missing = sorted(wanted.keys() - shapes.keys())
    foreign = sorted(shapes.keys() - wanted.keys())
    if missing:
        raise CheckpointError(f"{source}: {len(missing)} tensors are missing, {missing[0]!r} first{_REMEDY}")
    if foreign:
        raise CheckpointError(f"{source}: {len(foreign)} tensors do not belong here, {foreign[0]!r} first{_REMEDY}")
    for key, shape in wanted.items():
        if shapes[key] != shape:
            raise CheckpointError(f"{source}: {key!r} has shape {list(shapes[key])}, expected {list(shape)}{_REMEDY}")


def check_tensors(model: nn.Module, tensors: Mapping[str, torch.Tensor], source: str) -> None:
    """Checks as `check_shapes` does, and that each tensor holds the right kind of numbers: fractions or integers."""
    check_shapes(model, {key: value.shape for key, value in tensors.items()}, source)
    for key, value in model.state_dict().items():
        if tensors[key].is_floating_point() != value.is_floating_point():
            raise CheckpointError(f"{source}: {key!r} holds {tensors[key].dtype}, expected {value.dtype}{_REMEDY}")


def load_weights(model: nn.Module, path: Path) -> None:
    """Fills a network from a safetensors file; floating-point values become float32.

    Raises `CheckpointError` naming file and tensor where they do not fit.
    """
    tensors = read_tensors(path)
    check_tensors(model, tensors, str(path))
    model.load_state_dict(
        {key: value.float() if value.is_floating_point() else value for key, value in tensors.items()}, assign=True
    )


def _unreadable(path: Path, error: Exception) -> DamagedWeightsError:
    """Explains why a weights file cannot be read."""
    if isinstance(error, FileNotFoundError):
        return DamagedWeightsError(f"there is no weights file {path}: fetch or make the model again")
    return DamagedWeightsError(f"{path} is not a whole safetensors file ({error}); fetch or make it again")
