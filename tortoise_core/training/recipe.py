"""What a training recipe says: what a model is made of, and how each of its networks is trained.

`configs/models/tortoise_mini.toml` is the recipe of the embedded model; `recipe_file.py` reads it. Knows no stage.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class CorpusConfig:
    """Who reads the training text, and how much of it. Sentence i is read by voice i modulo their number."""

    voices: tuple[str, ...] = ("slt",)
    hours: float = 10.0


@dataclass(frozen=True)
class Recipe:
    """Everything that a recipe file says. `speech` and `presets` go into the model's manifest as they are."""

    name: str
    corpus: CorpusConfig
    networks: Mapping[str, Any]  # the configuration of each network, by its role in the model
    stages: Mapping[str, Any]  # how each stage is trained: an instance of its `StageEntry.config`, by its name
    speech: Mapping[str, Any] = field(default_factory=dict)
    presets: Mapping[str, Any] = field(default_factory=dict)
