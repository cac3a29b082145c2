"""Owns the reading of a model folder's manifest without its networks: names, files, tables, and the model's digest.

`checkpoints/manifest.py` shows what a manifest looks like, and builds the networks. Must not import PyTorch: planning a
book needs no more of a model than this.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from tortoise_core.errors import CheckpointError
from tortoise_core.plain_data import parse_json, parse_toml

FORMAT = 1
MANIFEST_NAMES = ("model.json", "model.toml")
_ENTRY_FIELDS = frozenset(["type", "file", "sha256", "config"])
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class DescribedNetwork:
    """One network as its manifest describes it. `config` is the table as written: what it leaves out has a default."""

    type: str
    file: str
    config: Mapping[str, Any]
    sha256: str | None = None


@dataclass(frozen=True)
class ModelDescription:
    """The content of a manifest. `extra` holds the top-level tables that are not networks."""

    name: str
    folder: Path
    networks: Mapping[str, DescribedNetwork]
    extra: Mapping[str, Any] = field(default_factory=dict)

    def digest(self) -> str:
        """Computes the sha256 of format version, configurations and weights: equal digests give equal audio.

        Raises `CheckpointError` for a weights file that is not there, where the manifest does not give its sha256.
        """
        networks = {
            role: [network.type, network.config, network.sha256 or file_sha256(self.folder / network.file)]
            for role, network in self.networks.items()
        }
        return hashlib.sha256(json.dumps([FORMAT, networks], sort_keys=True, default=str).encode()).hexdigest()


def read_description(source: Path) -> ModelDescription:
    """Reads a manifest: `source` is the file or its folder.

    Raises `CheckpointError` where it is missing or malformed, naming the place.
    """
    path = _manifest_path(source)
    try:
        text = path.read_text(encoding="utf-8")
        content = parse_toml(text) if path.suffix == ".toml" else parse_json(text)
    except OSError as error:
        raise CheckpointError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise CheckpointError(f"{path} is not a valid {path.suffix[1:].upper()} file: {error}") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise CheckpointError(f"{path} is not a model manifest of format {FORMAT}: import or fetch the model again")
    name = content.get("name")
    networks = content.get("networks")
    if not isinstance(name, str) or not isinstance(networks, dict):
        raise CheckpointError(f"{path} is incomplete: it needs a name and a table of networks")
    described = {role: _read_network(value, f"{path}: networks.{role}") for role, value in networks.items()}
    extra = {key: value for key, value in content.items() if key not in ("format", "name", "networks")}
    return ModelDescription(name, path.parent, described, extra)


def read_config(config: type, values: Mapping[str, Any], where: str) -> Any:
    """Makes an instance of a configuration dataclass from a file's table.

    Raises `CheckpointError` naming `where` for an unknown field, a value of the wrong type, or what is no table.
    """
    if not isinstance(values, Mapping):
        raise CheckpointError(f"{where}: {values!r} must be a table")
    known = {item.name for item in dataclasses.fields(config)}
    if unknown := sorted(set(values) - known):
        raise CheckpointError(
            f"{where}: unknown field {unknown[0]!r} of {config.__name__}: use {', '.join(sorted(known))}"
        )
    try:
        return TypeAdapter(config).validate_python(dict(values))
    except ValidationError as error:
        first = error.errors()[0]
        raise CheckpointError(f"{where}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error


def file_sha256(path: Path) -> str:
    """Computes the sha256 of a file, as hexadecimal. Raises `CheckpointError` where it cannot be read."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                digest.update(chunk)
    except OSError as error:
        raise CheckpointError(f"cannot read {path}: {error.strerror}") from error
    return digest.hexdigest()


def _manifest_path(source: Path) -> Path:
    """Finds the manifest in a folder; a file is taken as it is."""
    if not source.is_dir():
        return source
    for name in MANIFEST_NAMES:
        if (source / name).is_file():
            return source / name
    raise CheckpointError(f"{source} is not a model folder: it holds neither {' nor '.join(MANIFEST_NAMES)}")


def _read_network(value: object, where: str) -> DescribedNetwork:
    """Checks the table of one network. Raises `CheckpointError`."""
    if not isinstance(value, dict) or not {"type", "file"} <= value.keys() <= _ENTRY_FIELDS:
        raise CheckpointError(f"{where} needs type and file, and may have sha256 and config")
    file = value["file"]
    sha256 = value.get("sha256")
    config = value.get("config", {})
    if not isinstance(file, str) or file in ("", ".", "..") or Path(file).name != file or "\\" in file:
        raise CheckpointError(f"{where}: file must be a plain name in the manifest's folder, not {file!r}")
    if sha256 is not None and not isinstance(sha256, str):
        raise CheckpointError(f"{where}: sha256 must be text")
    if not isinstance(value["type"], str) or not isinstance(config, dict):
        raise CheckpointError(f"{where}: type must be text and config a table")
    return DescribedNetwork(value["type"], file, config, sha256)
