"""Owns CLVP, the network that scores how well speech codes fit a text (spec 3.2). Must not know sampling or audio."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from tortoise_core.errors import ConfigError
from tortoise_core.nn.contrastive import info_nce, mean_over_time, pair_scores
from tortoise_core.nn.encoder import Encoder
from tortoise_core.nn.packed import PackedKind, PackedLinear, pack_linears

_INITIAL_STD = 0.02


@dataclass(frozen=True)
class ClvpConfig:
    """Sizes and switches. The defaults are the published `clvp2.pth`."""

    text_tokens: int = 256
    text_width: int = 768
    text_layers: int = 20
    text_heads: int = 12
    code_tokens: int = 8192  # no start, no stop: codes must be cleaned before they are scored
    speech_width: int = 768
    speech_layers: int = 20
    speech_heads: int = 12
    latent_width: int = 768
    ff_mult: int = 2
    dropout: float = 0.1
    text_mask_rate: float = 0.0  # share of the positions hidden in training
    speech_mask_rate: float = 0.0
    mask_padding: bool = False  # False as published: padding is attended to and averaged like everything else

    def __post_init__(self) -> None:
        for name in ("dropout", "text_mask_rate", "speech_mask_rate"):
            if not 0 <= getattr(self, name) < 1:
                raise ConfigError(f"clvp {name} must be at least 0 and below 1, not {getattr(self, name)}")


class Clvp(nn.Module):
    """Contrastive language-voice pretraining: maps text and codes to one space where matching pairs are close."""

    def __init__(self, config: ClvpConfig | None = None) -> None:
        super().__init__()
        self.config = c = config or ClvpConfig()
        self.text_emb = nn.Embedding(c.text_tokens, c.text_width)
        self.speech_emb = nn.Embedding(c.code_tokens, c.speech_width)
        self.text_transformer = _encoder(c.text_width, c.text_layers, c.text_heads, c)
        self.speech_transformer = _encoder(c.speech_width, c.speech_layers, c.speech_heads, c)
        self.to_text_latent = nn.Linear(c.text_width, c.latent_width, bias=False)
        self.to_speech_latent = nn.Linear(c.speech_width, c.latent_width, bias=False)
        self.temperature = nn.Parameter(torch.tensor(1.0))
        for table in (self.text_emb, self.speech_emb):
            nn.init.normal_(table.weight, 0.0, _INITIAL_STD)

    def text_latents(self, text: torch.Tensor, lengths: torch.Tensor | None = None) -> torch.Tensor:
        """Computes latents (B, latent_width), not normalised, of text ids (B, T) whose first `lengths` (B,) are real.

        Lengths count only if the model masks padding.
        """
        return self._text_latents(text, self._mask(text, lengths, self.config.text_mask_rate))

    def speech_latents(self, codes: torch.Tensor, lengths: torch.Tensor | None = None) -> torch.Tensor:
        """Computes latents (B, latent_width), not normalised, of codes (B, M) whose first `lengths` (B,) are real.

        Lengths count only if the model masks padding.
        """
        return self._speech_latents(codes, self._mask(codes, lengths, self.config.speech_mask_rate))

    def scores(
        self,
        text: torch.Tensor,
        codes: torch.Tensor,
        text_lengths: torch.Tensor | None = None,
        code_lengths: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Scores how well each row of codes fits its text; higher is better.

        Args:
            text: text ids (B, T).
            codes: codes (B, M).
            text_lengths: real ids per text (B,); without them padding counts, too.
            code_lengths: real codes per row (B,).

        Returns: scores (B,).
        """
        return self.score_codes(self.encode_texts(text, text_lengths), codes, code_lengths)

    def encode_texts(self, text: torch.Tensor, lengths: torch.Tensor | None = None) -> torch.Tensor:
        """Computes what `score_codes` wants of texts (B, T), once for all candidates: (B, latent_width)."""
        return self._text_latents(text, _first_positions(text, lengths))

    def score_codes(
        self, texts: torch.Tensor, codes: torch.Tensor, lengths: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Scores codes (B, M), the first `lengths` (B,) of them real, against encoded texts (B, latent_width): (B,)."""
        return pair_scores(texts, self._speech_latents(codes, _first_positions(codes, lengths)), self.temperature)

    def loss(
        self,
        text: torch.Tensor,
        codes: torch.Tensor,
        text_lengths: torch.Tensor | None = None,
        code_lengths: torch.Tensor | None = None,
        wrong: torch.Tensor | None = None,
        wrong_lengths: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Computes symmetric InfoNCE over matching pairs (B, T) and (B, M); `wrong` codes (N, M) match no text."""
        texts = self.text_latents(text, text_lengths)
        speech = self.speech_latents(codes, code_lengths)
        others = None if wrong is None else self.speech_latents(wrong, wrong_lengths)
        return info_nce(texts, speech, self.temperature, others)

    def pack(self, kind: PackedKind = PackedLinear) -> None:
        """Makes the encoders multiply in bfloat16 or less, in place, for inference. The latents stay float32."""
        pack_linears(self, keep=[self.to_text_latent, self.to_speech_latent], kind=kind)

    def _text_latents(self, text: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
        hidden = self.text_transformer["transformer"](self.text_emb(text), mask)
        return self.to_text_latent(mean_over_time(hidden, mask))

    def _speech_latents(self, codes: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
        hidden = self.speech_transformer["transformer"](self.speech_emb(codes), mask)
        return self.to_speech_latent(mean_over_time(hidden, mask))

    def _mask(self, ids: torch.Tensor, lengths: torch.Tensor | None, hidden_rate: float) -> torch.Tensor | None:
        """Builds the mask of the positions that count: real ones and, in training, those not hidden at random."""
        mask = _first_positions(ids, lengths) if self.config.mask_padding else None
        if self.training and hidden_rate > 0:
            kept = torch.rand(ids.shape, device=ids.device) >= hidden_rate
            kept[:, 0] = True  # the mean of a row needs at least one position
            mask = kept if mask is None else mask & kept
        return mask


def _first_positions(ids: torch.Tensor, lengths: torch.Tensor | None) -> torch.Tensor | None:
    """Builds (B, T) bool, True on the first `lengths` (B,) of ids (B, T); None where every position is real."""
    if lengths is None or bool((lengths == ids.shape[1]).all()):
        return None
    return torch.arange(ids.shape[1], device=ids.device) < lengths[:, None]


def _encoder(width: int, layers: int, heads: int, config: ClvpConfig) -> nn.ModuleDict:
    encoder = Encoder(width, layers, heads, ff_mult=config.ff_mult, dropout=config.dropout, wrapped=True)
    return nn.ModuleDict({"transformer": encoder})  # a level of the published names
