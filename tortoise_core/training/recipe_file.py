"""Reads a recipe file, by what the registry says of stages and networks. Knows nothing of how training works."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, get_type_hints

from tortoise_core.description import read_config
from tortoise_core.errors import CheckpointError, ConfigError
from tortoise_core.plain_data import parse_toml
from tortoise_core.training.recipe import CorpusConfig, Recipe
from tortoise_core.training.stages.registry import NETWORKS, STAGES

_TABLES = ("name", "corpus", "stages", "speech", "presets", *NETWORKS)
_OLD_FIELDS = {"judges_per_step": "discriminators_per_step"}  # of earlier versions' recipes


def read_recipe(path: Path) -> Recipe:
    """Reads a recipe file. With `extends = "OTHER.toml"`, its values replace those of another recipe beside it.

    Raises `ConfigError` naming file and place of whatever is wrong with it.
    """
    content = _read_toml(path)
    if base := content.pop("extends", None):
        content = _replaced(_read_toml(path.parent / str(base)), content)
    _require_table(content, str(path), "table", _TABLES)
    try:
        networks = {
            role: read_config(sizes, content.get(role, {}), f"{path}: {role}") for role, sizes in NETWORKS.items()
        }
        corpus = read_config(CorpusConfig, content.get("corpus", {}), f"{path}: corpus")
        stages = _read_stages(content.get("stages", {}), path)
        rest: dict[str, Any] = {name: content[name] for name in ("name", "speech", "presets") if name in content}
        values = {**rest, "corpus": corpus, "networks": networks, "stages": stages}
        recipe: Recipe = read_config(Recipe, values, str(path))
    except CheckpointError as error:
        raise ConfigError(str(error)) from error
    return recipe


def _read_stages(tables: object, path: Path) -> dict[str, Any]:
    """Reads `[stages.NAME.PART]` for every stage; what the file leaves out has its default."""
    known = _require_table(tables, f"{path}: stages", "stage", STAGES)
    return {
        name: _read_stage(entry.config, known.get(name, {}), f"{path}: stages.{name}") for name, entry in STAGES.items()
    }


def _read_stage(config: type, tables: object, where: str) -> Any:
    parts = get_type_hints(config)
    known = _require_table(tables, where, "part", parts)
    # Part by part, because a nested dataclass would let unknown keys pass.
    return config(**{part: _read_part(parts[part], values, f"{where}.{part}") for part, values in known.items()})


def _read_part(part: type, values: object, where: str) -> Any:
    if not isinstance(values, dict):
        raise ConfigError(f"{where} must be a table, not {values!r}")
    fields = {_OLD_FIELDS.get(str(name), str(name)): value for name, value in values.items()}
    return read_config(part, fields, where)


def _require_table(values: object, where: str, kind: str, names: Iterable[str]) -> Mapping[str, Any]:
    """Returns a table of the file. Raises `ConfigError` where it is none, or has a name that is not among `names`."""
    if not isinstance(values, dict):
        raise ConfigError(f"{where} must be a table, not {values!r}")
    if unknown := sorted(set(values) - set(names)):
        raise ConfigError(f"{where} has no {kind} {unknown[0]!r}: use {', '.join(names)}")
    return values


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return parse_toml(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot read the recipe {path}: {error.strerror}") from error
    except ValueError as error:
        raise ConfigError(f"{path} is not a valid TOML file: {error}") from error


def _replaced(base: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a table with some of its values replaced, in tables within it as well."""
    replaced = {
        name: _replaced(base[name], value) if isinstance(value, dict) and isinstance(base.get(name), dict) else value
        for name, value in values.items()
    }
    return {**base, **replaced}
