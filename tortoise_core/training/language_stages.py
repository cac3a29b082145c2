"""Training stages that need text and codes: the autoregressive model, CLVP and the speller.

A stage says what a batch is and what the loss is; `loop.Trainer` does the rest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from tortoise_core.audio.mel import normalize_mel
from tortoise_core.models.autoregressive import AutoregressiveConfig, AutoregressiveModel
from tortoise_core.models.clvp import Clvp
from tortoise_core.models.code_speller import CodeSpeller
from tortoise_core.training.loop import Batch, Phase, hash_seed
from tortoise_core.training.speech_data import BucketSampler


@dataclass(frozen=True)
class AutoregressiveLossConfig:
    """Weights of the losses (spec 7.4) and the two helps for training on little data."""

    text: float = 0.01  # cross-entropy of the text tokens
    alignment: float = 1.0  # guided attention: the alignment head should look at the token being spoken
    code_noise: float = 0.08  # share of input codes replaced at random, so that sampling's own mistakes do no harm


class AutoregressiveStage:
    """Next-code prediction under teacher forcing, padding left out, with guided attention.

    Guided attention replaces the long wait until a model discovers by itself that speech follows text: one head is
    told where the voice is in the text (after arXiv 1710.08969, with real alignments instead of a diagonal).
    """

    def __init__(self, model: AutoregressiveModel, data: BucketSampler, config: AutoregressiveLossConfig) -> None:
        self.model, self._data, self._config = model, data, config
        self.phases = (Phase("loss", (model,), self._loss),)

    def batch(self, step: int) -> Batch:
        """See `BucketSampler.batch`."""
        return self._data.batch(step)

    def _loss(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        model, config = self.model, self._config
        text_loss, code_loss, alignment_loss, right = self._terms(batch, config.code_noise if model.training else 0.0)
        loss = code_loss + config.text * text_loss + config.alignment * alignment_loss
        return loss, {"code": code_loss.detach(), "alignment": alignment_loss.detach(), "right": right}

    def _terms(self, batch: Batch, code_noise: float) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Text loss, code loss, guided-attention loss, and the share of codes predicted exactly; all ()."""
        model, ids = self.model, self.model.config
        codes, lengths = batch["codes"], batch["code_length"]
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
        # text_in begins with the start token, and while the stop code is due the voice stands at the stop token
        spoken = F.pad(batch["alignment"], (0, 1)) + 1
        spoken = torch.where(position == lengths[:, None], batch["text_length"][:, None] + 1, spoken)
        looked_at = states.alignment.gather(2, spoken[:, :, None])[:, :, 0]
        return text_loss, code_loss, -looked_at[valid].mean(), right

    @torch.inference_mode()
    def validate(self) -> dict[str, float]:
        """Cross-entropy of held-out codes in nats, the alignment loss and the share of codes predicted exactly."""
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
    """Lets codes that sound alike start with like embeddings and like output weights.

    A fresh table knows nothing of that, and as all codes are about equally frequent, it learns it slowly.

    Shape: codebook (D, codes), the dVAE's.
    """
    vectors = F.normalize(codebook.T, dim=1)
    spread = torch.randn(vectors.shape[1], model.config.width)  # unit vectors keep unit variance per channel
    for table in (model.mel_embedding.weight, model.mel_head.weight):
        std = float(table.std())
        table[: len(vectors)].mul_(0.5).add_(std * (vectors @ spread).to(table))


def _random_codes(codes: Tensor, ids: AutoregressiveConfig) -> Tensor:
    return torch.randint_like(codes, ids.code_start)


@dataclass(frozen=True)
class ClvpLossConfig:
    """What CLVP is made to tell apart."""

    damaged: bool = False  # speech from the same speech with a fault in it, beside the speech of other texts


class ClvpStage:
    """Contrastive loss between the texts and the code rows of a batch (spec 7.6): which text is which speech.

    Other utterances are easy to tell from the right one, and candidates of the same text are not; so it may also learn
    to tell speech from damaged copies of it, with the faults that sampling makes.
    """

    def __init__(self, model: Clvp, data: BucketSampler, config: ClvpLossConfig) -> None:
        self.model, self._data, self._config = model, data, config
        self.phases = (Phase("loss", (model,), self._loss),)

    def batch(self, step: int) -> Batch:
        """See `BucketSampler.batch`; with damaged copies of the codes where they are asked for."""
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
        """Contrastive loss in nats, and how often the right text scores best, on held-out utterances of like length;
        and how often speech scores better than a damaged copy of it."""
        model, device = self.model, next(self.model.parameters()).device
        losses, right, whole, count = 0.0, 0, 0, 0
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


def damage(codes: Tensor, lengths: Tensor, random: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Rows of codes, each with a fault that sampling makes: its end cut off, a piece of a tenth to a third lost, said
    twice, moved, or taken from the next row.

    Shape: codes (B, M) with real `lengths` (B,) to the same; what no longer fits into M is lost.
    """
    rows, width = [], codes.shape[1]
    for index, length in enumerate(lengths.tolist()):
        row = codes[index, :length]
        size = max(1, round(length * random.uniform(0.1, 0.35)))
        start = int(random.integers(max(1, length - size + 1)))
        before, piece, after = row[:start], row[start : start + size], row[start + size :]
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
