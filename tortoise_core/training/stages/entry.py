"""What the registry says of a stage. Knows no stage by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tortoise_core.training.loop import Stage
from tortoise_core.training.workspace import Workspace


@dataclass(frozen=True)
class StageEntry:
    """One stage of the training: everything that recipe, command, workspace and export need to know of it."""

    name: str  # in the recipe (`[stages.NAME.PART]`), on the command line, and of its folder in `runs/`
    purpose: str  # one line for `talepress train --list`
    role: str  # of the network that it trains: its section in the recipe, its name in a model folder
    sizes: type  # the configuration class of that network
    config: type  # a frozen dataclass whose fields are the parts of the stage in a recipe; one of them is `loop`
    build: Callable[[Workspace, Any], Stage]  # makes the stage from the workspace and an instance of `config`
    needs: tuple[str, ...] = ()  # earlier stages whose weights it uses; all stages need the corpus
    exports: bool = True  # whether its weights go into the model; one stage per role
