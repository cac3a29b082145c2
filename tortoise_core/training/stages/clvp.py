"""Trains CLVP: which codes belong to which text. Knows nothing of sound."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from tortoise_core.models.clvp import Clvp, ClvpConfig
from tortoise_core.training.data.utterances import BucketConfig, BucketSampler
from tortoise_core.training.loop import Batch, LoopConfig, Phase, hash_seed
from tortoise_core.training.stages.entry import StageEntry
from tortoise_core.training.workspace import Workspace


@dataclass(frozen=True)
class ClvpLossConfig:
    """What CLVP is made to tell apart."""

    damaged: bool = False  # speech from the same speech with a fault in it, beside the speech of other texts


@dataclass(frozen=True)
class ClvpStageConfig:
    """The parts of `[stages.clvp]`."""

    loop: LoopConfig = field(default_factory=LoopConfig)
    buckets: BucketConfig = field(default_factory=BucketConfig)
    ranking: ClvpLossConfig = field(default_factory=ClvpLossConfig)


class ClvpStage:
    """Contrastive loss between the texts and the code rows of a batch (spec 7.6): which text is which speech.

    Other utterances are easy to tell from the right one, and candidates of the same text are not; so it may also learn
    to tell speech from damaged copies of it, with the faults that sampling makes.
    """

    def __init__(self, model: Clvp, data: BucketSampler, config: ClvpLossConfig) -> None:
        self.model = model
        self._data = data
        self._config = config
        self.phases = (Phase("loss", (model,), self._loss),)

    def batch(self, step: int) -> Batch:
        """Makes `BucketSampler.batch`, with damaged copies of the codes where the recipe asks for them."""
        return self._with_damage(self._data.batch(step), hash_seed(step, 1))

    def _with_damage(self, batch: Batch, seed: int) -> Batch:
        if not self._config.damaged:
            return batch
        rows, lengths = damage(batch["codes"], batch["code_length"], np.random.default_rng(seed))
        return {**batch, "wrong": rows, "wrong_length": lengths}

    def _loss(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        pairs = batch["text"], batch["codes"], batch["text_length"], batch["code_length"]
        return self.model.loss(*pairs, batch.get("wrong"), batch.get("wrong_length")), {}

    @torch.inference_mode()
    def validate(self) -> dict[str, float]:
        """Measures the contrastive loss in nats, how often the right text scores best among utterances of similar
        length, and how often speech scores better than a damaged copy of it."""
        model = self.model
        device = next(model.parameters()).device
        losses = 0.0
        right = 0
        whole = 0
        count = 0
        for number, batch in enumerate(self._data.validation()):
            b = {name: value.to(device) for name, value in self._with_damage(batch, number).items()}
            rows = len(b["codes"])
            losses += float(model.loss(b["text"], b["codes"], b["text_length"], b["code_length"])) * rows
            text = F.normalize(model.text_latents(b["text"], b["text_length"]), dim=-1)
            speech = F.normalize(model.speech_latents(b["codes"], b["code_length"]), dim=-1)
            right += int(((speech @ text.T).argmax(1) == torch.arange(rows, device=device)).sum())
            count += rows
            if self._config.damaged:
                wrong = F.normalize(model.speech_latents(b["wrong"], b["wrong_length"]), dim=-1)
                whole += int(((speech * text).sum(1) > (wrong * text).sum(1)).sum())
        figures = {"clvp": round(losses / max(1, count), 4), "right": round(right / max(1, count), 4)}
        return figures | ({"whole": round(whole / max(1, count), 4)} if self._config.damaged else {})


def damage(codes: Tensor, lengths: Tensor, random: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Copies rows of codes, each with a fault that sampling makes: its end cut off, or a piece of a tenth to a third
    lost, repeated, moved, or taken from the next row.

    Shape: codes (B, M) with real `lengths` (B,) to the same; what no longer fits into M is lost.
    """
    rows = []
    width = codes.shape[1]
    for index, length in enumerate(lengths.tolist()):
        row = codes[index, :length]
        size = max(1, round(length * random.uniform(0.1, 0.35)))
        start = int(random.integers(max(1, length - size + 1)))
        before = row[:start]
        piece = row[start : start + size]
        after = row[start + size :]
        other = codes[(index + 1) % len(codes), start : start + size]
        kinds = (
            (row[: length - size],),
            (before, after),
            (before, piece, piece, after),
            (before, after, piece),
            (before, other, after),
        )
        faulty = torch.cat(kinds[int(random.integers(len(kinds)))])[:width]
        rows.append(row[: length - size] if torch.equal(faulty, row) else faulty)
    damaged_lengths = torch.tensor([max(1, len(row)) for row in rows])
    return torch.stack([F.pad(row, (0, width - len(row))) for row in rows]), damaged_lengths


def _build(workspace: Workspace, config: ClvpStageConfig) -> ClvpStage:
    corpus, items = workspace.spoken()
    model = Clvp(workspace.recipe.networks["clvp"])
    return ClvpStage(model, BucketSampler(items, corpus, config.buckets), config.ranking)


STAGE = StageEntry(
    "clvp", "which codes belong to which text", "clvp", ClvpConfig, ClvpStageConfig, _build, needs=("dvae",)
)
