"""Owns a model folder: a manifest (`model.json` or `model.toml`) beside one safetensors file per network.

    format = 1
    name = "tortoise_mini"

    [networks.diffusion]                  # the role that a network plays in this model
    type = "diffusion_decoder"            # a name of `registry.NETWORK_TYPES`
    file = "diffusion.safetensors"        # a plain file name in the same folder
    sha256 = "..."                        # of that file; required for `verify`
    config = { model_channels = 192 }     # fields of the type's configuration; the rest keep their defaults

Other top-level tables are kept in `ModelManifest.extra` for whoever reads them. This module knows no published names.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from pydantic import TypeAdapter, ValidationError
from torch import nn

from tortoise_core.checkpoints.registry import network_type, type_name
from tortoise_core.checkpoints.weights import (
    check_shapes,
    check_tensors,
    file_sha256,
    load_weights,
    read_shapes,
    write_tensors,
)
from tortoise_core.errors import CheckpointError

FORMAT = 1
MANIFEST_NAMES = ("model.json", "model.toml")
_ENTRY_FIELDS = frozenset(["type", "file", "sha256", "config"])


@dataclass(frozen=True)
class NetworkEntry:
    """One network of a model: where its weights are and what they are."""

    type: str
    file: str
    config: Any  # an instance of the type's configuration
    sha256: str | None = None


@dataclass(frozen=True)
class ModelManifest:
    """What a model folder holds, by role."""

    name: str
    folder: Path
    networks: Mapping[str, NetworkEntry]
    extra: Mapping[str, Any] = field(default_factory=dict)

    def entry(self, role: str) -> NetworkEntry:
        """The network that plays a role. Raises `CheckpointError` where none does."""
        try:
            return self.networks[role]
        except KeyError:
            raise CheckpointError(f"model {self.name} in {self.folder} has no {role} network") from None

    def path(self, role: str) -> Path:
        """The weights file of a role."""
        return self.folder / self.entry(role).file

    def build(self, role: str) -> nn.Module:
        """The role's network with random weights, to be filled or looked at."""
        entry = self.entry(role)
        return network_type(entry.type).build(entry.config)

    def load(self, role: str, device: torch.device | str = "cpu") -> nn.Module:
        """The role's network with its weights, float32, in evaluation mode. Raises `CheckpointError`."""
        network = self.build(role)
        load_weights(network, self.path(role))
        return network.eval().to(device)

    def digest(self) -> str:
        """sha256 over format version, configurations and weights: equal digests give equal audio."""
        networks = {
            role: [entry.type, dataclasses.asdict(entry.config), entry.sha256 or file_sha256(self.path(role))]
            for role, entry in self.networks.items()
        }
        return hashlib.sha256(json.dumps([FORMAT, networks], sort_keys=True).encode()).hexdigest()


def read_manifest(source: Path) -> ModelManifest:
    """Reads a manifest: `source` is the file or its folder.

    Raises `CheckpointError` where it is missing or malformed, naming the place.
    """
    path = _manifest_path(source)
    try:
        text = path.read_text(encoding="utf-8")
        content = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    except OSError as error:
        raise CheckpointError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise CheckpointError(f"{path} is not a valid {path.suffix[1:].upper()} file: {error}") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise CheckpointError(f"{path} is not a model manifest of format {FORMAT}")
    name, networks = content.get("name"), content.get("networks")
    if not isinstance(name, str) or not isinstance(networks, dict):
        raise CheckpointError(f"{path} needs a name and a table of networks")
    entries = {role: _read_entry(value, f"{path}: networks.{role}") for role, value in networks.items()}
    extra = {key: value for key, value in content.items() if key not in ("format", "name", "networks")}
    return ModelManifest(name, path.parent, entries, extra)


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
    """Writes `model.json`, last of a model folder's files."""
    content = {
        "format": FORMAT,
        "name": name,
        "networks": {role: dataclasses.asdict(entry) for role, entry in networks.items()},
        **(extra or {}),
    }
    (folder / MANIFEST_NAMES[0]).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return ModelManifest(name, folder, dict(networks), extra or {})


def verify(source: Path) -> ModelManifest:
    """Checks that every weights file is whole, unchanged since it was written, and fits its configuration.

    Raises `CheckpointError` for the first that is not.
    """
    manifest = read_manifest(source)
    for role, entry in manifest.networks.items():
        path = manifest.path(role)
        with torch.device("meta"):
            network = manifest.build(role)
        check_shapes(network, read_shapes(path), str(path))
        if entry.sha256 is None:
            raise CheckpointError(f"{path}: the manifest records no sha256 to verify it by")
        if file_sha256(path) != entry.sha256:
            raise CheckpointError(f"{path} has changed since it was written (sha256 differs); import or fetch it again")
    return manifest


def _manifest_path(source: Path) -> Path:
    if not source.is_dir():
        return source
    for name in MANIFEST_NAMES:
        if (source / name).is_file():
            return source / name
    raise CheckpointError(f"{source} is no model folder: it holds neither {' nor '.join(MANIFEST_NAMES)}")


def _read_entry(value: object, where: str) -> NetworkEntry:
    if not isinstance(value, dict) or not {"type", "file"} <= value.keys() <= _ENTRY_FIELDS:
        raise CheckpointError(f"{where} needs type and file, and may have sha256 and config")
    file, sha256 = value["file"], value.get("sha256")
    if not isinstance(file, str) or file in ("", ".", "..") or Path(file).name != file or "\\" in file:
        raise CheckpointError(f"{where}: file must be a plain name in the manifest's folder, not {file!r}")
    if sha256 is not None and not isinstance(sha256, str):
        raise CheckpointError(f"{where}: sha256 must be text")
    kind = network_type(value["type"])
    return NetworkEntry(value["type"], file, read_config(kind.config, value.get("config", {}), where), sha256)


def read_config(config: type, values: Mapping[str, Any], where: str) -> Any:
    """An instance of a configuration dataclass from a file's table.

    Raises `CheckpointError` naming `where` for an unknown field or a value of the wrong type.
    """
    known = {item.name for item in dataclasses.fields(config)}
    if unknown := sorted(set(values) - known):
        raise CheckpointError(f"{where}: unknown field {unknown[0]!r} of {config.__name__}")
    try:
        return TypeAdapter(config).validate_python(dict(values))
    except ValidationError as error:
        first = error.errors()[0]
        raise CheckpointError(f"{where}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
