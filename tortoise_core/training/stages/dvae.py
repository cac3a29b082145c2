"""Trains the dVAE: mel frames to codes and back. Knows nothing of who reads the codes."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tortoise_core.corpus.corpus import Corpus
from tortoise_core.corpus.teachers import PHONES
from tortoise_core.models.dvae import DiscreteVAE, DiscreteVAEConfig
from tortoise_core.training.data.crops import CropConfig, CropSampler
from tortoise_core.training.loop import Batch, LoopConfig, Phase
from tortoise_core.training.stages.entry import StageEntry
from tortoise_core.training.workspace import Workspace


@dataclass(frozen=True)
class CodecLossConfig:
    """What the dVAE learns besides the squared error of the mel, and how its codebook is kept in use."""

    absolute: float = 0.0  # weight of the mean absolute error: quiet consonants count more in it
    phone: float = 0.0  # weight of telling the teacher's phones from the codes: see `PhoneHead`
    revive_every: int = 100  # steps
    revive_until: int = 1_000_000_000  # step; the last part of a training is better without newcomers


@dataclass(frozen=True)
class DvaeStageConfig:
    """The parts of `[stages.dvae]`."""

    loop: LoopConfig = field(default_factory=LoopConfig)
    crops: CropConfig = field(default_factory=CropConfig)
    codec: CodecLossConfig = field(default_factory=CodecLossConfig)


class PhoneHead(nn.Module):
    """Tells from code vectors which phone sounds in each half of a code. Trained along with the dVAE, then dropped.

    A mel's squared error hardly notices what makes a consonant; so codes that serve it alone are hard to understand.
    Shape: (B, M, D) to logits (B, phones, 2 M).
    """

    def __init__(self, dim: int, hidden: int = 256) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Conv1d(dim, hidden, 3, padding=1), nn.GELU(), nn.Conv1d(hidden, 2 * len(PHONES), 1))

    def forward(self, quantized: Tensor) -> Tensor:
        """Computes the logits of both halves, in order."""
        halves = self.net(quantized.transpose(1, 2)).unflatten(1, (2, len(PHONES)))
        return halves.permute(0, 2, 3, 1).flatten(2)


class DiscreteVAEStage:
    """Reconstruction plus commitment loss; the codebook moves by itself, unused codes are re-seeded (spec 7.3)."""

    def __init__(self, model: DiscreteVAE, corpus: Corpus, crops: CropConfig, config: CodecLossConfig) -> None:
        self.model = model
        self._crops = CropSampler(corpus, crops)
        self._config = config
        self._head = PhoneHead(model.config.code_dim)
        trained = (model, self._head) if config.phone else (model,)
        self.phases = (Phase("loss", trained, self._loss),)

    def batch(self, step: int) -> Batch:
        """Cuts mel pieces, and says whether unused codes are re-seeded in this step."""
        revive = step % self._config.revive_every == 0 and step < self._config.revive_until
        return self._crops.batch(step) | {"revive": torch.tensor(revive)}

    def _loss(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        if batch["revive"] and self.model.training:
            with torch.no_grad():
                self.model.codebook.revive(self.model.encode_vectors(batch["mel"]).flatten(0, 1), threshold=0.1)
        out = self.model(batch["mel"])
        loss = out.reconstruction_loss + out.commitment_loss
        if self._config.absolute:
            error = F.l1_loss(out.reconstruction, batch["mel"]) / self.model.config.mel_scale
            loss = loss + self._config.absolute * error
        parts = {"mse": out.reconstruction_loss.detach(), "used": torch.tensor(out.codes.unique().numel())}
        if self._config.phone:
            phone_loss = self._phone_loss(out.quantized, batch["phones"])
            loss = loss + self._config.phone * phone_loss
            parts["phone"] = phone_loss.detach()
        return loss, parts

    def _phone_loss(self, quantized: Tensor, phones: Tensor) -> Tensor:
        logits = self._head(quantized).float()
        total = F.cross_entropy(logits, phones, ignore_index=-1, reduction="sum")
        return total / (phones >= 0).sum().clamp_min(1)  # of a batch without known phones: 0

    @torch.inference_mode()
    def validate(self) -> dict[str, float]:
        """Measures the mel error in normalised units and how many codes the held-out pieces use.

        With the trained head, whose weights are not averaged, also the cross-entropy of their phones in nats.
        """
        device = next(self.model.parameters()).device
        batch = {name: value.to(device) for name, value in self._crops.validation().items()}
        out = self.model(batch["mel"])
        figures = {"mse": round(float(out.reconstruction_loss), 5), "used": float(out.codes.unique().numel())}
        if self._config.phone:
            figures["phone"] = round(float(self._phone_loss(out.quantized, batch["phones"])), 4)
        return figures


def _build(workspace: Workspace, config: DvaeStageConfig) -> DiscreteVAEStage:
    model = DiscreteVAE(workspace.recipe.networks["dvae"])
    return DiscreteVAEStage(model, workspace.corpus(), config.crops, config.codec)


STAGE = StageEntry("dvae", "mel frames to codes and back", "dvae", DiscreteVAEConfig, DvaeStageConfig, _build)
