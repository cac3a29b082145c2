"""Trains the CTC scorer: which phones codes spell. Knows nothing of sound."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from tortoise_core.models.code_speller import CodeSpeller, CodeSpellerConfig
from tortoise_core.training.data.utterances import BucketConfig, BucketSampler
from tortoise_core.training.loop import Batch, LoopConfig, Phase
from tortoise_core.training.stages.entry import StageEntry
from tortoise_core.training.workspace import Workspace


@dataclass(frozen=True)
class SpellerLossConfig:
    """How the CTC scorer learns to bear the mistakes of sampling."""

    code_noise: float = 0.05  # share of input codes replaced at random


@dataclass(frozen=True)
class SpellerStageConfig:
    """The parts of `[stages.speller]`."""

    loop: LoopConfig = field(default_factory=LoopConfig)
    buckets: BucketConfig = field(default_factory=BucketConfig)
    spelling: SpellerLossConfig = field(default_factory=SpellerLossConfig)


class SpellerStage:
    """Connectionist temporal classification (CTC) of the phones that codes spell, in nats a phone."""

    def __init__(self, model: CodeSpeller, data: BucketSampler, config: SpellerLossConfig) -> None:
        self.model = model
        self._data = data
        self._config = config
        self.phases = (Phase("loss", (model,), self._loss),)

    def batch(self, step: int) -> Batch:
        """See `BucketSampler.batch`."""
        return self._data.batch(step)

    def _loss(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        codes = batch["codes"]
        noisy = torch.rand(codes.shape, device=codes.device) < self._config.code_noise
        other = torch.randint_like(codes, self.model.config.code_tokens)
        return self._per_phone({**batch, "codes": torch.where(noisy, other, codes)}), {}

    def _per_phone(self, batch: Batch) -> Tensor:
        scores = self.model.scores(batch["text"], batch["codes"], batch["text_length"], batch["code_length"])
        counts = self.model.phone_counts(batch["text"], batch["text_length"])
        possible = torch.isfinite(scores)  # a text that is too long for its codes teaches nothing
        return -torch.where(possible, scores, 0).sum() / (counts * possible).sum().clamp_min(1)

    @torch.inference_mode()
    def validate(self) -> dict[str, float]:
        """Measures nats a phone on held-out utterances, and how often the right text of a batch fits the codes best."""
        device = next(self.model.parameters()).device
        nats = 0.0
        right = 0
        rows = 0
        for held_out in self._data.validation():
            batch = {name: value.to(device) for name, value in held_out.items()}
            count = len(batch["codes"])
            nats += float(self._per_phone(batch)) * count
            for row in range(count):
                codes, length = (
                    batch[name][row : row + 1].expand(count, *batch[name].shape[1:])
                    for name in ("codes", "code_length")
                )
                fits = self.model.scores(batch["text"], codes, batch["text_length"], length)
                right += int(fits.argmax() == row)
            rows += count
        return {"per_phone": round(nats / max(1, rows), 4), "right": round(right / max(1, rows), 4)}


def _build(workspace: Workspace, config: SpellerStageConfig) -> SpellerStage:
    corpus, items = workspace.spoken()
    model = CodeSpeller(workspace.recipe.networks["speller"])
    return SpellerStage(model, BucketSampler(items, corpus, config.buckets), config.spelling)


STAGE = StageEntry(
    "speller",
    "which phones codes spell: the CTC scorer",
    "speller",
    CodeSpellerConfig,
    SpellerStageConfig,
    _build,
    needs=("dvae",),
)
