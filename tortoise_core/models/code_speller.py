"""Owns the speller, which reads phones back out of speech codes; knows nothing of sampling, text or audio.

CLVP compares a whole text with a whole row of codes, so it hardly notices one wrong sound. This network says how
likely the codes are to spell the text sound by sound (connectionist temporal classification, Graves et al. 2006), and
ranks candidates beside it. A part of the embedded model alone; the published one has none.
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
    """Sizes, and what of a text is not heard."""

    text_tokens: int = 78
    silent: tuple[int, ...] = ()  # text ids that no sound belongs to: marks, spaces, start and stop
    code_tokens: int = 4096
    width: int = 192
    layers: int = 6
    per_code: int = 2  # guesses a code: there are fewer codes than phones in fast speech


class CodeSpeller(nn.Module):
    """Codes to a guess of the phone in each part of a code, from the codes around it; and how well a text fits that."""

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
        """Log-probabilities. Shape: codes (B, M), `lengths` (B,) real ones each, to (B, per_code * M, tokens + 1)."""
        mask = torch.arange(codes.shape[1], device=codes.device) < lengths[:, None]
        x = self.embed(codes) * mask[:, :, None]
        for block in self.blocks:
            x = block(x, mask)
        guesses = self.head(self.norm(x)).unflatten(2, (self.config.per_code, -1)).flatten(1, 2)
        return guesses.float().log_softmax(-1)

    def scores(
        self,
        text: Tensor,
        codes: Tensor,
        text_lengths: Tensor,
        code_lengths: Tensor,
        text_rows: Tensor | None = None,
    ) -> Tensor:
        """Log-likelihood, in nats, that each row of codes spells its text; at most 0. A text that the row is too short
        for has minus infinity.

        Args: text ids (U, T) and codes (B, M) with their real lengths; `text_rows` (B,) is the text of each row, None
        pairs row with row.
        Returns: scores (B,).
        """
        phones, counts = self._phones(text, text_lengths)
        if text_rows is not None:
            phones, counts = phones[text_rows], counts[text_rows]
        spelled = self(codes, code_lengths).transpose(0, 1)
        steps = code_lengths * self.config.per_code
        return -F.ctc_loss(spelled, phones, steps, counts, blank=self.config.text_tokens, reduction="none")

    def phone_counts(self, text: Tensor, lengths: Tensor) -> Tensor:
        """How many ids of each text are heard. Shape: (U, T), (U,) to (U,)."""
        return self._heard(text, lengths).sum(1)

    def _phones(self, text: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """The ids that are heard, moved to the front. Shape: (U, T) to (U, T), and their numbers (U,)."""
        heard = self._heard(text, lengths)
        order = torch.argsort(~heard, dim=1, stable=True)
        return text.gather(1, order), heard.sum(1)

    def _heard(self, text: Tensor, lengths: Tensor) -> Tensor:
        real = torch.arange(text.shape[1], device=text.device) < lengths[:, None]
        return real & ~torch.isin(text, self.silent)
