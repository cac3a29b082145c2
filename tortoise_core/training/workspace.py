"""A workspace: the folder in which a model grows, and what stages find in it.

    corpus/          teacher speech of a sentence file
    codes.npy        the dVAE's codes of the corpus
    runs/STAGE/      checkpoint and log of each stage

Knows the recipe; knows no stage, and nothing of books or databases.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from tortoise_core.corpus.corpus import Corpus
from tortoise_core.errors import ConfigError
from tortoise_core.models.dvae import DiscreteVAE
from tortoise_core.training.checkpoint import CHECKPOINT, Checkpoint, read_checkpoint
from tortoise_core.training.data.utterances import TrainingItem, prepare_items
from tortoise_core.training.recipe import Recipe


class Workspace:
    """The corpus, codes and runs of one recipe."""

    def __init__(self, folder: Path, recipe: Recipe, device: str = "auto") -> None:
        self.folder = folder
        self.recipe = recipe
        name = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
        self.device = torch.device(name)

    def corpus(self) -> Corpus:
        """Opens the corpus. Raises `ConfigError` where there is none yet."""
        return Corpus(self.folder / "corpus")

    def spoken(self) -> tuple[Corpus, list[TrainingItem]]:
        """Opens the corpus and prepares its utterances: codes, tokens, alignment.

        Raises `ConfigError` where there is no corpus or no dVAE yet.
        """
        corpus = self.corpus()
        return corpus, prepare_items(corpus, self.dvae(), self.folder / "codes.npy")

    def dvae(self) -> DiscreteVAE:
        """Loads the trained dVAE, in evaluation mode. Raises `ConfigError` where there is none yet."""
        dvae = DiscreteVAE(self.recipe.networks["dvae"]).eval()
        dvae.load_state_dict(self.weights("dvae"))
        return dvae

    def weights(self, stage: str) -> dict[str, Tensor]:
        """Loads the averaged weights of a stage. Raises `ConfigError` where it has not been trained."""
        return self.checkpoint(stage).average

    def checkpoint(self, stage: str) -> Checkpoint:
        """Loads the checkpoint of a stage. Raises `ConfigError` where it has not been trained."""
        self.require(stage)
        return read_checkpoint(self.run_folder(stage))

    def require(self, stage: str) -> None:
        """Raises `ConfigError` where a stage has not been trained."""
        if not self.is_trained(stage):
            missing = self.run_folder(stage) / CHECKPOINT
            raise ConfigError(f"stage {stage!r} has not been trained yet ({missing} is missing): run it first")

    def is_trained(self, stage: str) -> bool:
        """Whether a stage has a checkpoint."""
        return (self.run_folder(stage) / CHECKPOINT).exists()

    def run_folder(self, stage: str) -> Path:
        """Returns the folder of a stage's checkpoint and log."""
        return self.folder / "runs" / stage
