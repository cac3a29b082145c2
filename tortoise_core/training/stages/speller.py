"""Trains the CTC scorer: which phones codes spell. Knows nothing of sound."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from tortoise_core.models.code_speller import CodeSpeller
from tortoise_core.training.data.utterances import BucketSampler
from tortoise_core.training.loop import Batch, Phase


@dataclass(frozen=True)
class SpellerLossConfig:
    """How the speller is made to bear what sampling does."""

    code_noise: float = 0.05  # share of input codes replaced at random


class SpellerStage:
    """Connectionist temporal classification of the codes' phones, nats a phone."""

    def __init__(self, model: CodeSpeller, data: BucketSampler, config: SpellerLossConfig) -> None:
        self.model, self._data, self._config = model, data, config
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
        possible = torch.isfinite(scores)  # a text that its codes are too few for teaches nothing
        return -torch.where(possible, scores, 0).sum() / (counts * possible).sum().clamp_min(1)

    @torch.inference_mode()
    def validate(self) -> dict[str, float]:
        """Nats a phone on held-out utterances, and how often the right text of a batch fits the codes best."""
        device = next(self.model.parameters()).device
        nats, right, rows = 0.0, 0, 0
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
