"""A training recipe: one TOML file that says what a model is made of and how each of its networks is trained.

`configs/models/tortoise_mini.toml` is the recipe of the embedded model. Knows nothing of how training works.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tortoise_core.description import read_config
from tortoise_core.errors import CheckpointError, ConfigError
from tortoise_core.models.autoregressive import AutoregressiveConfig
from tortoise_core.models.clvp import ClvpConfig
from tortoise_core.models.code_speller import CodeSpellerConfig
from tortoise_core.models.diffusion_decoder import DiffusionDecoderConfig
from tortoise_core.models.dvae import DiscreteVAEConfig
from tortoise_core.models.frame_vocoder import FrameVocoderConfig
from tortoise_core.training.data.aligned import DiffusionDataConfig
from tortoise_core.training.data.crops import CropConfig
from tortoise_core.training.data.decoded_mels import DecodedConfig
from tortoise_core.training.data.utterances import BucketConfig
from tortoise_core.training.optimizers import LoopConfig
from tortoise_core.training.stages.autoregressive import AutoregressiveLossConfig
from tortoise_core.training.stages.clvp import ClvpLossConfig
from tortoise_core.training.stages.diffusion import DiffusionLossConfig
from tortoise_core.training.stages.dvae import CodecLossConfig
from tortoise_core.training.stages.speller import SpellerLossConfig
from tortoise_core.training.stages.vocoder import VocoderLossConfig

STAGES = (
    "corpus",
    "dvae",
    "vocoder",
    "autoregressive",
    "clvp",
    "speller",
    "diffusion_codes",
    "diffusion",
    "vocoder_decoded",
    "export",
)


@dataclass(frozen=True)
class CorpusConfig:
    """Who reads the training text, and how much of it. Sentence i is read by voice i modulo their number."""

    voices: tuple[str, ...] = ("slt",)
    hours: float = 10.0


@dataclass(frozen=True)
class StageConfig:
    """How one stage is trained; a stage reads the parts that concern it."""

    loop: LoopConfig = field(default_factory=LoopConfig)
    crops: CropConfig = field(default_factory=CropConfig)
    codec: CodecLossConfig = field(default_factory=CodecLossConfig)
    losses: VocoderLossConfig = field(default_factory=VocoderLossConfig)
    language: AutoregressiveLossConfig = field(default_factory=AutoregressiveLossConfig)
    ranking: ClvpLossConfig = field(default_factory=ClvpLossConfig)
    spelling: SpellerLossConfig = field(default_factory=SpellerLossConfig)
    buckets: BucketConfig = field(default_factory=BucketConfig)
    pieces: DiffusionDataConfig = field(default_factory=DiffusionDataConfig)
    denoising: DiffusionLossConfig = field(default_factory=DiffusionLossConfig)
    decoded: DecodedConfig = field(default_factory=DecodedConfig)


@dataclass(frozen=True)
class Recipe:
    """Everything that a recipe file says. `speech` and `presets` go into the model's manifest as they are."""

    name: str
    corpus: CorpusConfig
    dvae: DiscreteVAEConfig
    vocoder: FrameVocoderConfig
    autoregressive: AutoregressiveConfig
    clvp: ClvpConfig
    speller: CodeSpellerConfig
    diffusion: DiffusionDecoderConfig
    stages: Mapping[str, StageConfig]
    speech: Mapping[str, Any] = field(default_factory=dict)
    presets: Mapping[str, Any] = field(default_factory=dict)

    def stage(self, name: str) -> StageConfig:
        """How a stage is trained; the defaults where the recipe says nothing."""
        return self.stages.get(name, StageConfig())


_SECTIONS: Mapping[str, type] = {
    "corpus": CorpusConfig,
    "dvae": DiscreteVAEConfig,
    "vocoder": FrameVocoderConfig,
    "autoregressive": AutoregressiveConfig,
    "clvp": ClvpConfig,
    "speller": CodeSpellerConfig,
    "diffusion": DiffusionDecoderConfig,
}
_STAGE_PARTS: Mapping[str, type] = {
    "loop": LoopConfig,
    "crops": CropConfig,
    "codec": CodecLossConfig,
    "losses": VocoderLossConfig,
    "language": AutoregressiveLossConfig,
    "ranking": ClvpLossConfig,
    "spelling": SpellerLossConfig,
    "buckets": BucketConfig,
    "pieces": DiffusionDataConfig,
    "denoising": DiffusionLossConfig,
    "decoded": DecodedConfig,
}


def read_recipe(path: Path) -> Recipe:
    """Reads a recipe file. With `extends = "OTHER.toml"`, its values replace those of another recipe beside it.

    Raises `ConfigError` naming file and place of whatever is wrong with it.
    """
    content = _read_toml(path)
    if base := content.pop("extends", None):
        content = _replaced(_read_toml(path.parent / str(base)), content)
    try:
        # Table by table, because a nested dataclass would let unknown keys pass.
        tables = {name: read_config(kind, content.pop(name, {}), f"{path}: {name}") for name, kind in _SECTIONS.items()}
        stages = {
            name: read_config(
                StageConfig,
                {
                    part: read_config(_STAGE_PARTS[part], values, f"{path}: stages.{name}.{part}")
                    if part in _STAGE_PARTS
                    else values
                    for part, values in table.items()
                },
                f"{path}: stages.{name}",
            )
            for name, table in content.pop("stages", {}).items()
        }
        recipe: Recipe = read_config(Recipe, {**content, **tables, "stages": stages}, str(path))
    except CheckpointError as error:
        raise ConfigError(str(error)) from error
    if unknown := sorted(set(recipe.stages) - set(STAGES)):
        raise ConfigError(f"{path}: unknown stage {unknown[0]!r}: use {', '.join(STAGES)}")
    return recipe


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot read the recipe {path}: {error.strerror}") from error
    except ValueError as error:
        raise ConfigError(f"{path} is not a valid TOML file: {error}") from error


def _replaced(base: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """A table with some of its values replaced, in tables within it as well."""
    replaced = {
        name: _replaced(base[name], value) if isinstance(value, dict) and isinstance(base.get(name), dict) else value
        for name, value in values.items()
    }
    return {**base, **replaced}
