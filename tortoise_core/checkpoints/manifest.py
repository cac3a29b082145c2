"""Owns a model folder: a manifest (`model.json` or `model.toml`) beside one safetensors file per network.

    format = 1
    name = "tortoise_mini"

    [networks.diffusion]                  # the role that a network plays in this model
    type = "diffusion_decoder"            # a name of `registry.NETWORK_TYPES`
    file = "diffusion.safetensors"        # a plain file name in the same folder
    sha256 = "..."                        # of that file; checked whenever it is loaded
    config = { model_channels = 192 }     # fields of the type's configuration; the rest keep their defaults

Other top-level tables are kept in `ModelManifest.extra` for the modules that read them. Must not know published names.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from tortoise_core.checkpoints.registry import network_type, type_name
from tortoise_core.checkpoints.weights import check_shapes, check_tensors, load_weights, read_shapes, write_tensors
from tortoise_core.description import (
    FORMAT,
    MANIFEST_NAMES,
    ModelDescription,
    file_sha256,
    read_config,
    read_description,
)
from tortoise_core.errors import CheckpointError, DamagedWeightsError

# Functions, of tensors and of `torch.nn.init`, that fill a new parameter with random numbers.
_DRAWS = frozenset({"uniform_", "normal_", "trunc_normal_", "erfinv_", "kaiming_uniform_"})


class _WithoutDraws(TorchFunctionMode):
    """Leaves new parameters as memory has them: weights replace them all, and drawing takes longer than reading."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if getattr(func, "__name__", "") in _DRAWS:
            return args[0] if args else (kwargs or {})["tensor"]
        return func(*args, **(kwargs or {}))


@dataclass(frozen=True)
class NetworkEntry:
    """One network of a model: its type, its weights file and its configuration."""

    type: str
    file: str
    config: Any  # an instance of the type's configuration
    sha256: str | None = None


@dataclass(frozen=True)
class ModelManifest:
    """The networks of a model folder, by role."""

    description: ModelDescription
    networks: Mapping[str, NetworkEntry]

    @property
    def name(self) -> str:
        """Returns the model's name."""
        return self.description.name

    @property
    def folder(self) -> Path:
        """Returns the folder of the manifest and the weights."""
        return self.description.folder

    @property
    def extra(self) -> Mapping[str, Any]:
        """Returns the manifest's other tables."""
        return self.description.extra

    def entry(self, role: str) -> NetworkEntry:
        """Looks up the network of a role. Raises `CheckpointError` where the model has none."""
        try:
            return self.networks[role]
        except KeyError:
            raise CheckpointError(
                f"model {self.name} in {self.folder} has no {role} network, only "
                f"{', '.join(self.networks)}: use a model that has one"
            ) from None

    def path(self, role: str) -> Path:
        """Returns the weights file of a role. Raises as `entry`."""
        return self.folder / self.entry(role).file

    def build(self, role: str) -> nn.Module:
        """Builds the role's network with random weights. Raises as `entry`."""
        entry = self.entry(role)
        return network_type(entry.type).build(entry.config)

    def load(self, role: str, device: torch.device | str = "cpu") -> nn.Module:
        """Loads the role's network with its weights, float32, in evaluation mode.

        Raises `CheckpointError`: also for a file that is not the manifest's, because the digest says that it is.
        """
        with _WithoutDraws():
            network = self.build(role)
        load_weights(network, self.path(role))
        self._require_unchanged(role)
        return network.eval().to(device)

    def _require_unchanged(self, role: str) -> None:
        """Raises `DamagedWeightsError` unless the role's file has the manifest's sha256, where that gives one."""
        expected = self.entry(role).sha256
        if expected is not None and file_sha256(self.path(role)) != expected:
            raise DamagedWeightsError(
                f"{self.path(role)} has changed since it was written (sha256 differs); import or fetch it again"
            )

    def digest(self) -> str:
        """Computes the model's digest; see `ModelDescription.digest`."""
        return self.description.digest()


def read_manifest(source: Path) -> ModelManifest:
    """Reads a manifest: `source` is the file or its folder.

    Raises `CheckpointError` where it is missing or malformed, naming the place.
    """
    description = read_description(source)
    return ModelManifest(
        description,
        {
            role: NetworkEntry(
                network.type,
                network.file,
                read_config(network_type(network.type).config, network.config, f"{source}: networks.{role}"),
                network.sha256,
            )
            for role, network in description.networks.items()
        },
    )


def write_network(
    folder: Path, role: str, config: object, tensors: Mapping[str, torch.Tensor], dtype: torch.dtype | None = None
) -> NetworkEntry:
    """Writes one network's weights to `folder/ROLE.safetensors`; returns its entry for `write_manifest`.

    Raises `CheckpointError` where the tensors are not those of a network of that configuration.
    """
    kind = type_name(config)
    path = folder / f"{role}.safetensors"
    with torch.device("meta"):
        network = network_type(kind).build(config)
    check_tensors(network, tensors, role)
    write_tensors(path, tensors, dtype)
    return NetworkEntry(kind, path.name, config, file_sha256(path))


def write_manifest(
    folder: Path, name: str, networks: Mapping[str, NetworkEntry], extra: Mapping[str, Any] | None = None
) -> ModelManifest:
    """Writes `model.json`, the last file of a model folder, and reads it back."""
    content = {
        "format": FORMAT,
        "name": name,
        "networks": {role: dataclasses.asdict(entry) for role, entry in networks.items()},
        **(extra or {}),
    }
    (folder / MANIFEST_NAMES[0]).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return read_manifest(folder)


def verify(source: Path) -> ModelManifest:
    """Checks that every weights file is whole, unchanged since it was written, and fits its configuration.

    Raises `CheckpointError` for the first that fails.
    """
    manifest = read_manifest(source)
    for role, entry in manifest.networks.items():
        path = manifest.path(role)
        with torch.device("meta"):
            network = manifest.build(role)
        check_shapes(network, read_shapes(path), str(path))
        if entry.sha256 is None:
            raise CheckpointError(
                f"{path} cannot be verified: the manifest has no sha256 for it; import or fetch the model again"
            )
        manifest._require_unchanged(role)
    return manifest
