"""Trains the autoregressive model: text to codes. Knows nothing of sound."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn import functional as F

from tortoise_core.audio.mel import normalize_mel
from tortoise_core.models.autoregressive import AutoregressiveConfig, AutoregressiveModel
from tortoise_core.training.data.utterances import BucketConfig, BucketSampler
from tortoise_core.training.loop import Batch, LoopConfig, Phase
from tortoise_core.training.stages.entry import StageEntry
from tortoise_core.training.workspace import Workspace


@dataclass(frozen=True)
class AutoregressiveLossConfig:
    """Weights of the losses (spec 7.4), and two helps for training on little data."""

    text: float = 0.01  # cross-entropy of the text tokens
    alignment: float = 1.0  # guided attention: the alignment head should look at the token being spoken
    code_noise: float = 0.08  # share of input codes replaced at random, so that sampling's own mistakes do no harm


@dataclass(frozen=True)
class AutoregressiveStageConfig:
    """The parts of `[stages.autoregressive]`."""

    loop: LoopConfig = field(default_factory=LoopConfig)
    buckets: BucketConfig = field(default_factory=BucketConfig)
    language: AutoregressiveLossConfig = field(default_factory=AutoregressiveLossConfig)


class AutoregressiveStage:
    """Next-code prediction under teacher forcing, padding left out, with guided attention.

    Guided attention replaces the long wait until a model discovers by itself that speech follows text: one head is
    trained to attend to the token that is spoken (after arXiv 1710.08969, with real alignments instead of a diagonal).
    """

    def __init__(self, model: AutoregressiveModel, data: BucketSampler, config: AutoregressiveLossConfig) -> None:
        self.model = model
        self._data = data
        self._config = config
        self.phases = (Phase("loss", (model,), self._loss),)

    def batch(self, step: int) -> Batch:
        """See `BucketSampler.batch`."""
        return self._data.batch(step)

    def _loss(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        config = self._config
        code_noise = config.code_noise if self.model.training else 0.0
        text_loss, code_loss, alignment_loss, right = self._terms(batch, code_noise)
        loss = code_loss + config.text * text_loss + config.alignment * alignment_loss
        return loss, {"code": code_loss.detach(), "alignment": alignment_loss.detach(), "right": right}

    def _terms(self, batch: Batch, code_noise: float) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Computes text loss, code loss, guided-attention loss, and the share of codes predicted exactly; all ()."""
        model = self.model
        ids = model.config
        codes = batch["codes"]
        lengths = batch["code_length"]
        cond = model.conditioning(normalize_mel(batch["voice_mel"]))
        text_in = model.text_input(batch["text"], batch["text_length"])
        noisy = torch.where(torch.rand(codes.shape, device=codes.device) < code_noise, _random_codes(codes, ids), codes)
        states = model.hidden_states(
            cond, text_in, F.pad(noisy, (1, 0), value=ids.code_start), batch["text_length"] + 2
        )
        position = torch.arange(codes.shape[1] + 1, device=codes.device)
        targets = F.pad(codes, (0, 1)).masked_fill(position == lengths[:, None], ids.code_stop)
        valid = position <= lengths[:, None]
        logits = model.mel_head(states.codes[valid]).float()
        code_loss = F.cross_entropy(logits, targets[valid])
        right = (logits.detach().argmax(-1) == targets[valid]).float().mean()
        text_valid = torch.arange(text_in.shape[1] - 1, device=codes.device) < batch["text_length"][:, None] + 1
        text_logits = model.text_head(states.text[:, :-1][text_valid]).float()
        text_loss = F.cross_entropy(text_logits, text_in[:, 1:][text_valid])
        if states.alignment is None:
            return text_loss, code_loss, code_loss.new_zeros(()), right
        # text_in begins with the start token; while the stop code is due, the voice has reached the stop token.
        spoken = F.pad(batch["alignment"], (0, 1)) + 1
        spoken = torch.where(position == lengths[:, None], batch["text_length"][:, None] + 1, spoken)
        attended = states.alignment.gather(2, spoken[:, :, None])[:, :, 0]
        return text_loss, code_loss, -attended[valid].mean(), right

    @torch.inference_mode()
    def validate(self) -> dict[str, float]:
        """Measures the cross-entropy of held-out codes in nats, the alignment loss and the share of right codes."""
        device = next(self.model.parameters()).device
        totals = torch.zeros(3)
        count = 0
        for held_out in self._data.validation():
            batch = {name: value.to(device) for name, value in held_out.items()}
            _, code, alignment, right = self._terms(batch, 0.0)
            rows = len(batch["codes"])
            totals += torch.stack([code, alignment, right]).cpu().float() * rows
            count += rows
        names = ("code", "alignment", "right")
        return {name: round(float(value), 4) for name, value in zip(names, totals / max(1, count), strict=True)}


@torch.no_grad()
def start_from_codebook(model: AutoregressiveModel, codebook: Tensor) -> None:
    """Gives codes that sound alike similar embeddings and output weights to start from.

    A fresh table does not know which codes sound alike, and learns it slowly, as all codes are about equally frequent.

    Shape: codebook (D, codes), the dVAE's.
    """
    vectors = F.normalize(codebook.T, dim=1)
    spread = torch.randn(vectors.shape[1], model.config.width)  # unit vectors keep unit variance per channel
    for table in (model.mel_embedding.weight, model.mel_head.weight):
        std = float(table.std())
        table[: len(vectors)].mul_(0.5).add_(std * (vectors @ spread).to(table))


def _random_codes(codes: Tensor, ids: AutoregressiveConfig) -> Tensor:
    return torch.randint_like(codes, ids.code_start)


def _build(workspace: Workspace, config: AutoregressiveStageConfig) -> AutoregressiveStage:
    corpus, items = workspace.spoken()
    model = AutoregressiveModel(workspace.recipe.networks["autoregressive"])
    start_from_codebook(model, workspace.weights("dvae")["codebook.embed"])
    return AutoregressiveStage(model, BucketSampler(items, corpus, config.buckets), config.language)


STAGE = StageEntry(
    "autoregressive",
    "text to codes",
    "autoregressive",
    AutoregressiveConfig,
    AutoregressiveStageConfig,
    _build,
    needs=("dvae",),
)
