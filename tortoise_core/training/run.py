"""Runs the training: corpus, one stage after another, export; or begins with the weights of a finished model.

Every step continues where it was stopped. Knows nothing of what a stage does.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

import torch

from tortoise_core.checkpoints.manifest import ModelManifest, verify
from tortoise_core.corpus.corpus import build_corpus
from tortoise_core.corpus.sentences import HeldOutBooks, speakable_sentences
from tortoise_core.errors import ConfigError
from tortoise_core.training.checkpoint import begin_with_weights
from tortoise_core.training.export import export_model
from tortoise_core.training.loop import Trainer, TrainingState
from tortoise_core.training.stages.registry import STAGES
from tortoise_core.training.workspace import Workspace

log = logging.getLogger(__name__)
# The whole training, in order: each step's name, and its purpose in one line.
STEPS: Mapping[str, str] = {
    "corpus": "speech of the teachers, from a file of sentences",
    **{name: entry.purpose for name, entry in STAGES.items()},
    "export": "all networks into a model folder, with the teachers' voices",
}


@dataclass(frozen=True)
class RunOptions:
    """Limits and files for the steps."""

    minutes: float = math.inf  # the longest that a stage is trained before the next step
    sentences: Path | None = None  # corpus: a text file, one sentence a line
    held_out_books: Sequence[str] = ()  # corpus: the text of each book whose sentences are not spoken
    out: Path | None = None  # export: the new model folder
    stop: Callable[[], bool] = lambda: False  # is asked before each sentence and step whether to end


def run(workspace: Workspace, steps: Sequence[str], options: RunOptions) -> None:
    """Runs steps of the training one after another; `all` stands for every one of them.

    Raises `ConfigError` for a step that is not one of `STEPS`, or whose needs are not met.
    """
    if unknown := [step for step in steps if step not in (*STEPS, "all")]:
        raise ConfigError(f"unknown training stage {unknown[0]!r}: use all, or some of {', '.join(STEPS)}")
    for step in STEPS if "all" in steps else steps:
        if step == "corpus":
            _build_corpus(workspace, options)
        elif step == "export":
            if options.out is None:
                raise ConfigError("export needs a folder for the new model: give --out")
            export_model(workspace, options.out)
        else:
            train(workspace, step, options.minutes, options.stop)
        if options.stop():
            return


def train(
    workspace: Workspace, stage: str, minutes: float = math.inf, stop: Callable[[], bool] = lambda: False
) -> TrainingState:
    """Trains one stage until its recipe's last step, for so many minutes, or until `stop`. Raises `ConfigError`."""
    entry = STAGES[stage]
    for needed in entry.needs:
        workspace.require(needed)
    config = workspace.recipe.stages[stage]
    torch.manual_seed(config.loop.seed)  # the initial weights
    built = entry.build(workspace, config)
    return Trainer(built, config.loop, workspace.run_folder(stage), workspace.device).run(minutes, stop)


def adopt(workspace: Workspace, model: Path) -> list[str]:
    """Begins every stage that has no checkpoint yet with the weights of a finished model; returns these stages.

    Raises `CheckpointError` for a model that is not whole, `ConfigError` for one whose networks are not the recipe's,
    or whose codes are not those of the workspace.
    """
    manifest = verify(model)
    begun = [stage for stage in STAGES if not workspace.is_trained(stage)]
    roles = {STAGES[stage].role for stage in begun}
    for role in roles:
        if manifest.entry(role).config != workspace.recipe.networks[role]:
            raise ConfigError(f"{model} has another {role} network than the recipe: change [{role}] in the recipe")
    if begun and "dvae" not in begun:
        _require_same_codes(workspace, manifest)
    weights = {role: manifest.load(role).state_dict() for role in roles}
    for stage in begun:
        begin_with_weights(workspace.run_folder(stage), weights[STAGES[stage].role])
        log.info("stage %s begins with the weights of %s", stage, model)
    return begun


def _require_same_codes(workspace: Workspace, manifest: ModelManifest) -> None:
    own = workspace.weights("dvae")
    if any(not torch.equal(value, own[name]) for name, value in manifest.load("dvae").state_dict().items()):
        raise ConfigError(
            f"the dVAE in {workspace.folder} is not that of {manifest.folder}, so the model's networks would misread "
            "its codes: use a new workspace"
        )


def _build_corpus(workspace: Workspace, options: RunOptions) -> None:
    if options.sentences is None or not options.sentences.is_file():
        raise ConfigError(
            f"the corpus needs a text file with one sentence a line (--sentences), not {options.sentences}"
        )
    books = HeldOutBooks(options.held_out_books)
    texts = (text for text in speakable_sentences(options.sentences) if text not in books)
    until_stopped = takewhile(lambda _: not options.stop(), texts)
    config = workspace.recipe.corpus
    build_corpus(workspace.folder / "corpus", until_stopped, config.voices, config.hours)
