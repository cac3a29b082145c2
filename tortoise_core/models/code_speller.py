"""Owns the CTC scorer, which recognises phones in speech codes. Must not know sampling, text or audio.

CLVP compares a whole text with a whole row of codes, so it hardly notices one wrong sound. This network computes how
likely the codes spell the text sound by sound (connectionist temporal classification, Graves et al. 2006); candidates
are ranked by both. It is a part of the embedded model alone; the published one has none.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tortoise_core.nn.convnext import ConvNeXtBlock

_EXPANSION = 4  # of the feed-forward part of a block


@dataclass(frozen=True)
class CodeSpellerConfig:
    """Sizes, and the text ids that have no sound."""

    text_tokens: int = 78
    silent: tuple[int, ...] = ()  # text ids without a sound: marks, spaces, start and stop
    code_tokens: int = 4096
    width: int = 192
    layers: int = 6
    per_code: int = 2  # outputs for each code: in fast speech there are fewer codes than phones


class CodeSpeller(nn.Module):
    """Predicts the phone in each part of a code from the codes around it, and scores a text by these predictions."""

    silent: Tensor

    def __init__(self, config: CodeSpellerConfig | None = None) -> None:
        super().__init__()
        self.config = c = config or CodeSpellerConfig()
        self.embed = nn.Embedding(c.code_tokens, c.width)
        self.blocks = nn.ModuleList(ConvNeXtBlock(c.width, _EXPANSION * c.width, c.layers) for _ in range(c.layers))
        self.norm = nn.LayerNorm(c.width)
        self.head = nn.Linear(c.width, c.per_code * (c.text_tokens + 1))  # the last one: no new phone
        self.register_buffer("silent", torch.tensor(c.silent, dtype=torch.int64), persistent=False)

    def forward(self, codes: Tensor, lengths: Tensor) -> Tensor:
        """Computes the log-probabilities of phones.

        Shape: codes (B, M), the first `lengths` (B,) of them real, to (B, per_code * M, tokens + 1).
        """
        mask = torch.arange(codes.shape[1], device=codes.device) < lengths[:, None]
        x = self.embed(codes) * mask[:, :, None]
        for block in self.blocks:
            x = block(x, mask)
        logits = self.head(self.norm(x)).unflatten(2, (self.config.per_code, -1)).flatten(1, 2)
        return logits.float().log_softmax(-1)

    def scores(
        self,
        text: Tensor,
        codes: Tensor,
        text_lengths: Tensor,
        code_lengths: Tensor,
        text_rows: Tensor | None = None,
    ) -> Tensor:
        """Computes the log-likelihood, in nats, that each row of codes spells its text; at most 0.

        It is minus infinity for a text that the row is too short for.

        Args: text ids (U, T) and codes (B, M) with their real lengths; `text_rows` (B,) is the text of each row, None
        pairs row with row.
        Returns: scores (B,).
        """
        phones, counts = self._phones(text, text_lengths)
        if text_rows is not None:
            phones = phones[text_rows]
            counts = counts[text_rows]
        predicted = self(codes, code_lengths).transpose(0, 1)
        steps = code_lengths * self.config.per_code
        return -F.ctc_loss(predicted, phones, steps, counts, blank=self.config.text_tokens, reduction="none")

    def phone_counts(self, text: Tensor, lengths: Tensor) -> Tensor:
        """Counts the ids of each text that have a sound. Shape: (U, T), (U,) to (U,)."""
        return self._sounding(text, lengths).sum(1)

    def _phones(self, text: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Moves the ids that have a sound to the front. Shape: (U, T) to (U, T), and their numbers (U,)."""
        sounding = self._sounding(text, lengths)
        order = torch.argsort(~sounding, dim=1, stable=True)
        return text.gather(1, order), sounding.sum(1)

    def _sounding(self, text: Tensor, lengths: Tensor) -> Tensor:
        """Marks the real ids that have a sound. Shape: (U, T), (U,) to bool (U, T)."""
        real = torch.arange(text.shape[1], device=text.device) < lengths[:, None]
        return real & ~torch.isin(text, self.silent)
