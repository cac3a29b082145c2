"""Owns the network that predicts speech codes from text and a voice (spec 3.1). Must not know sampling or audio.

`AutoregressiveConfig()` is the published model, key for key; the switches of the config make the mini model of spec 8
from the same code. The sequence is always [voice | text | codes], causal; the voice takes one position.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn
from torch.nn import functional as F

from tortoise_core.errors import ConfigError, TextError
from tortoise_core.models.conditioning_encoder import ConditioningEncoder, Pool
from tortoise_core.nn.gpt import Gpt, GptOutput
from tortoise_core.nn.key_value_cache import Cache, PromptKeys
from tortoise_core.nn.packed import PackedKind, PackedLinear, pack_linears
from tortoise_core.nn.positions import LearnedPositions, RotaryTable, SinusoidalPositions, inverse_frequencies
from tortoise_core.nn.upload import upload

_INITIAL_STD = 0.02
_INITIAL_POSITION_SCALE = 0.03  # about the size of a fresh embedding, so that content and position start as equals
_MASKED_LOG_PROB = -1e9  # finite, so that a loss may multiply it by zero


@dataclass(frozen=True)
class AutoregressiveConfig:
    """Sizes and switches. The defaults are the published `autoregressive.pth`."""

    layers: int = 30
    width: int = 1024
    heads: int = 16
    dropout: float = 0.1
    text_tokens: int = 256  # rows of the text table: the tokenizer's ids and the start id
    text_start: int = 255
    text_stop: int = 0
    code_tokens: int = 8194  # rows of the code table: the codebook, the start and the stop id
    code_start: int = 8192
    code_stop: int = 8193
    samples_per_code: int = 1024
    positions: Literal["learned", "rotary"] = "learned"
    max_text: int = 402  # text ids without start and stop; learned positions only
    max_codes: int = 604  # codes without start and stop; learned positions only
    max_conditioning: int = 2  # the published code table holds that many spare positions; learned positions only
    conditioning_mels: int = 80
    conditioning_layers: int = 6
    conditioning_width: int | None = None  # None: `width`
    conditioning_heads: int | None = None  # None: `heads`
    conditioning_pool: Pool = "first"
    alignment_head: tuple[int, int] | None = None  # (layer, head) whose attention from codes to text to report

    def __post_init__(self) -> None:
        if self.positions not in ("learned", "rotary"):
            raise ConfigError(f"positions must be 'learned' or 'rotary', not {self.positions!r}")
        if self.width % (self.heads * (2 if self.positions == "rotary" else 1)):  # rotary turns pairs of channels
            raise ConfigError(
                f"width {self.width} cannot be split among {self.heads} heads with {self.positions} positions"
            )
        if self.conditioning_pool not in ("first", "mean"):
            raise ConfigError(f"conditioning_pool must be 'first' or 'mean', not {self.conditioning_pool!r}")
        if max(self.text_start, self.text_stop) >= self.text_tokens:
            raise ConfigError(f"text start and stop ids must be below text_tokens {self.text_tokens}")
        if max(self.code_start, self.code_stop) >= self.code_tokens:
            raise ConfigError(f"code start and stop ids must be below code_tokens {self.code_tokens}")
        if self.alignment_head is not None:
            layer, head = self.alignment_head
            if not (0 <= layer < self.layers and 0 <= head < self.heads):
                size = f"{self.layers} layers of {self.heads} heads"
                raise ConfigError(f"alignment_head {self.alignment_head} lies outside {size}")


@dataclass(frozen=True, eq=False)
class HiddenStates:
    """The last hidden state at every text and code position, and the attention from codes to text."""

    text: torch.Tensor  # (B, T', C)
    codes: torch.Tensor  # (B, M', C); position i predicts the code after codes_in[i]
    alignment: torch.Tensor | None  # (B, M', T') log-probabilities, about -1e9 on padding; or None


@dataclass(frozen=True, eq=False)
class TeacherForced:
    """The losses and logits of one teacher-forced pass, over all positions, padding included (spec 3.1)."""

    text_loss: torch.Tensor  # ()
    code_loss: torch.Tensor  # ()
    text_logits: torch.Tensor  # (B, T + 2, text_tokens), or fewer positions when inputs were clipped
    code_logits: torch.Tensor  # (B, M + 2, code_tokens)


@dataclass(frozen=True, eq=False)
class DecodedStep:
    """The result of one more code of every row."""

    logits: torch.Tensor  # (rows, code_tokens)
    hidden: torch.Tensor  # (rows, C), the latent that predicts the next code
    alignment: torch.Tensor | None  # (rows, T') log-probabilities over the prompt's text; or None


class AutoregressiveModel(nn.Module):
    """Predicts speech codes from text and voice: teacher-forced, or one code at a time with a key/value cache."""

    rotary_frequencies: torch.Tensor

    def __init__(self, config: AutoregressiveConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or AutoregressiveConfig()
        width = config.width
        self.conditioning_encoder = ConditioningEncoder(
            config.conditioning_mels,
            width=config.conditioning_width or config.width,
            heads=config.conditioning_heads or config.heads,
            layers=config.conditioning_layers,
            out_width=config.width,
            pool=config.conditioning_pool,
        )
        self.text_embedding = nn.Embedding(config.text_tokens, width)
        self.mel_embedding = nn.Embedding(config.code_tokens, width)
        self.gpt = Gpt(config.layers, width, config.heads, config.dropout)
        self.text_pos_embedding: LearnedPositions | SinusoidalPositions
        self.mel_pos_embedding: LearnedPositions | SinusoidalPositions
        if config.positions == "learned":
            self.text_pos_embedding = LearnedPositions(config.max_text + 2, width)
            self.mel_pos_embedding = LearnedPositions(config.max_codes + 2 + config.max_conditioning, width)
        else:
            self.text_pos_embedding = SinusoidalPositions(width, _INITIAL_POSITION_SCALE)
            self.mel_pos_embedding = SinusoidalPositions(width, _INITIAL_POSITION_SCALE)
            self.register_buffer("rotary_frequencies", inverse_frequencies(width // config.heads), persistent=False)
        self.final_norm = nn.LayerNorm(width)
        self.text_head = nn.Linear(width, config.text_tokens)
        self.mel_head = nn.Linear(width, config.code_tokens)
        for module in (self.text_embedding, self.mel_embedding, self.text_head, self.mel_head):
            nn.init.normal_(module.weight, 0.0, _INITIAL_STD)
        for table in (self.text_pos_embedding, self.mel_pos_embedding):
            if isinstance(table, LearnedPositions):
                nn.init.normal_(table.emb.weight, 0.0, _INITIAL_STD)
        for head in (self.text_head, self.mel_head):
            nn.init.zeros_(head.bias)

    def conditioning(self, mels: torch.Tensor, frame_mask: torch.Tensor | None = None) -> torch.Tensor:
        """Computes the voice vector (B, C) of mels (B, mels, S) or, averaged over clips, (B, clips, mels, S).

        `frame_mask` (B, S) or (B, clips, S) is True on real frames.
        """
        if mels.dim() == 3:
            return self.conditioning_encoder(mels, frame_mask)
        flat_mask = None if frame_mask is None else frame_mask.flatten(0, 1)
        return self.conditioning_encoder(mels.flatten(0, 1), flat_mask).unflatten(0, mels.shape[:2]).mean(1)

    def text_input(self, text: torch.Tensor, text_lengths: torch.Tensor | None = None) -> torch.Tensor:
        """Builds [start, text, stop] of ids (B, T), stops in place of ids past `text_lengths`: (B, T + 2)."""
        if text_lengths is not None:
            beyond = torch.arange(text.shape[1], device=text.device) >= text_lengths[:, None]
            text = text.masked_fill(beyond, self.config.text_stop)
        return F.pad(F.pad(text, (1, 0), value=self.config.text_start), (0, 1), value=self.config.text_stop)

    def code_input(self, codes: torch.Tensor) -> torch.Tensor:
        """Builds [start, codes, stop] of codes (B, M): (B, M + 2)."""
        return F.pad(F.pad(codes, (1, 0), value=self.config.code_start), (0, 1), value=self.config.code_stop)

    def stop_past_end(self, codes: torch.Tensor, wav_lengths: torch.Tensor) -> torch.Tensor:
        """Replaces codes (B, M) by stops from one past each clip's nominal end on (spec 3.1, step 1).

        `wav_lengths` holds samples of the first rows; rows without a length are left as they are.
        """
        end = wav_lengths // self.config.samples_per_code + 1
        beyond = torch.arange(codes.shape[1], device=codes.device) >= end[:, None]
        head = codes[: len(wav_lengths)].masked_fill(beyond, self.config.code_stop)
        return torch.cat([head, codes[len(wav_lengths) :]])

    def hidden_states(
        self,
        cond: torch.Tensor,
        text_in: torch.Tensor,
        codes_in: torch.Tensor,
        text_lengths: torch.Tensor | None = None,
    ) -> HiddenStates:
        """Runs whole sequences of text, then codes.

        Args:
            cond: voice vectors (B, C).
            text_in: text ids with start and stops (B, T').
            codes_in: codes with their start (B, M').
            text_lengths: real positions of `text_in` per row (B,); nothing attends to the rest, which is padding. Codes
                may be right-padded freely, as they are causal.
        """
        output = self._run(cond, text_in, codes_in, text_lengths)
        hidden = self.final_norm(output.hidden)
        text_end = 1 + text_in.shape[1]
        alignment = None
        if output.queries is not None and output.probed_keys is not None:
            valid = None if text_lengths is None else _first_positions(text_lengths, text_in.shape[1])
            alignment = _alignment(output.queries[:, text_end:], output.probed_keys[:, 1:text_end], valid)
        return HiddenStates(hidden[:, 1:text_end], hidden[:, text_end:], alignment)

    def forward(
        self,
        cond: torch.Tensor,
        text: torch.Tensor,
        codes: torch.Tensor,
        *,
        text_lengths: torch.Tensor | None = None,
        wav_lengths: torch.Tensor | None = None,
        codes_first: bool = False,
    ) -> TeacherForced:
        """Computes the losses that the published model was trained with (spec 3.1).

        Args:
            cond: voice vectors (B, C).
            text: text ids, padded with stops (B, T); cut to the longest of `text_lengths` if given.
            codes: codes (B, M); cut to the longest of `wav_lengths` if text lengths are given too.
            text_lengths: ids per row, used for cutting only.
            wav_lengths: audio samples of the first rows, for `stop_past_end`.
            codes_first: put the codes before the text in the sequence.
        """
        if text_lengths is not None and wav_lengths is not None:
            text = text[:, : int(text_lengths.max())]
            codes = codes[:, : int(wav_lengths.max()) // self.config.samples_per_code]
        if wav_lengths is not None:
            codes = self.stop_past_end(codes, wav_lengths)
        text_in = self.text_input(text)
        codes_in = self.code_input(codes)
        if codes_first:
            hidden = self.final_norm(self._run_codes_first_positions(cond, text_in, codes_in).hidden)[:, 1:]
            code_hidden, text_hidden = hidden.split([codes_in.shape[1], text_in.shape[1]], dim=1)
        else:
            states = self.hidden_states(cond, text_in, codes_in)
            text_hidden = states.text
            code_hidden = states.codes
        text_logits = self.text_head(text_hidden)
        code_logits = self.mel_head(code_hidden)
        text_targets = F.pad(text_in[:, 1:], (0, 1), value=self.config.text_stop)
        code_targets = F.pad(codes_in[:, 1:], (0, 1), value=self.config.code_stop)
        return TeacherForced(
            F.cross_entropy(text_logits.transpose(1, 2), text_targets),
            F.cross_entropy(code_logits.transpose(1, 2), code_targets),
            text_logits,
            code_logits,
        )

    def latents(
        self,
        cond: torch.Tensor,
        text: torch.Tensor,
        codes: torch.Tensor,
        *,
        text_lengths: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Computes the states (B, M, C) that predict each of `codes` (B, M), for the decoder after this network.

        `text` (B, T) holds ids; rows with `text_lengths` may be right-padded, and equal their unpadded selves.
        """
        text_in = self.text_input(text, text_lengths)
        lengths_in = None if text_lengths is None else text_lengths + 2
        return self.hidden_states(cond, text_in, self.code_input(codes), lengths_in).codes[:, :-2]

    @property
    def code_positions(self) -> int | None:
        """Counts the positions that `decode_step` can encode; None for any number."""
        return self.mel_pos_embedding.limit

    def prefill(
        self, cond: torch.Tensor, text_in: torch.Tensor, text_lengths: torch.Tensor | None = None
    ) -> PromptKeys:
        """Runs the prompts, one row per utterance, and returns their keys and values for a cache.

        Args: as for `hidden_states`, but `text_lengths` may be on the CPU: there, reading them waits for nothing.
        """
        self._check_lengths(text_in.shape[1], 0)
        slots = 1 + text_in.shape[1]
        mask = None if text_lengths is None else _first_positions(upload(text_lengths + 1, text_in.device), slots)
        positions = torch.arange(slots, device=text_in.device)[None]
        x = torch.cat([cond[:, None], self._embed_text(text_in)], dim=1)
        output = self.gpt(x, rotary=self._rotary(positions), mask=_causal_mask(mask), keep_keys=True)
        assert output.keys is not None and output.values is not None  # asked for above
        lengths = [slots] * len(text_in) if text_lengths is None else (text_lengths + 1).tolist()
        return PromptKeys(output.keys, output.values, lengths)

    def decode_step(
        self, codes: torch.Tensor, positions: torch.Tensor, cache: Cache, text_slots: int | None = None
    ) -> DecodedStep:
        """Feeds one code per row (rows,), standing at code position `positions` (rows,); the start code has 0.

        The cache grows by one slot. `text_slots` asks for the alignment to so many text positions.
        """
        x = self.mel_embedding(codes) + self.mel_pos_embedding(positions)
        rotary = self._rotary((cache.prompt_lengths + positions)[:, None])
        probe = None if text_slots is None else self.config.alignment_head
        output = self.gpt.step(x[:, None], cache, rotary=rotary, probe=probe)
        hidden = self.final_norm(output.hidden[:, 0])
        alignment = None
        if output.queries is not None and text_slots is not None and probe is not None:
            keys, valid = cache.prompt_keys(*probe, 1 + text_slots)
            alignment = _alignment(output.queries, keys[:, 1:], valid[:, 1:])[:, 0]
        return DecodedStep(self.mel_head(hidden).float(), hidden, alignment)

    def pack(self, kind: PackedKind = PackedLinear) -> None:
        """Makes the projections and the cache of decoding bfloat16, in place.

        Norms, residual stream and the values of logits and latents stay float32. `kind` may be a layer of 8-bit weights
        instead; the cache is bfloat16 all the same. A packed network cannot be trained.
        """
        pack_linears(self, keep=[self.conditioning_encoder, self.text_head], kind=kind)

    def _embed_text(self, text_in: torch.Tensor) -> torch.Tensor:
        return self.text_embedding(text_in) + self.text_pos_embedding(_count(text_in))

    def _embed_codes(self, codes_in: torch.Tensor) -> torch.Tensor:
        return self.mel_embedding(codes_in) + self.mel_pos_embedding(_count(codes_in))

    def _run(
        self, cond: torch.Tensor, text_in: torch.Tensor, codes_in: torch.Tensor, text_lengths: torch.Tensor | None
    ) -> GptOutput:
        """Runs the transformer over [voice | text | codes]; arguments as for `hidden_states`."""
        text_slots = text_in.shape[1]
        code_slots = codes_in.shape[1]
        self._check_lengths(text_slots, code_slots)
        x = torch.cat([cond[:, None], self._embed_text(text_in), self._embed_codes(codes_in)], dim=1)
        positions = torch.arange(x.shape[1], device=x.device)[None]
        mask = None
        if text_lengths is not None:
            # Codes follow the real text directly, however much padding lies between them.
            padding = (text_slots - text_lengths)[:, None]
            positions = positions - padding * (positions > text_slots)
            mask = F.pad(_first_positions(text_lengths + 1, 1 + text_slots), (0, code_slots), value=True)
        return self.gpt(x, rotary=self._rotary(positions), mask=_causal_mask(mask), probe=self.config.alignment_head)

    def _run_codes_first_positions(
        self, cond: torch.Tensor, text_in: torch.Tensor, codes_in: torch.Tensor
    ) -> GptOutput:
        self._check_lengths(text_in.shape[1], codes_in.shape[1])
        x = torch.cat([cond[:, None], self._embed_codes(codes_in), self._embed_text(text_in)], dim=1)
        return self.gpt(x, rotary=self._rotary(torch.arange(x.shape[1], device=x.device)[None]))

    def _rotary(self, positions: torch.Tensor) -> RotaryTable | None:
        """Computes the rotary table of positions (B or 1, T); None where positions are learned."""
        if self.config.positions == "learned":
            return None
        return RotaryTable.at(positions, self.rotary_frequencies)

    def _check_lengths(self, text_slots: int, code_slots: int) -> None:
        limit = self.text_pos_embedding.limit
        if limit is not None and text_slots > limit:
            raise TextError(f"text of {text_slots - 2} tokens is longer than the model's {limit - 2}: split it")
        limit = self.code_positions
        if limit is not None and code_slots > limit:
            raise ConfigError(f"{code_slots} code positions asked for, the model has {limit}: lower max_codes")


def _count(ids: torch.Tensor) -> torch.Tensor:
    return torch.arange(ids.shape[1], device=ids.device)


def _first_positions(lengths: torch.Tensor, size: int) -> torch.Tensor:
    """Builds (B, size) bool, True on the first `lengths` positions of each row."""
    return torch.arange(size, device=lengths.device) < lengths[:, None]


def _causal_mask(key_mask: torch.Tensor | None) -> torch.Tensor | None:
    """Builds (B, 1, L, L) bool of keys (B, L) that later queries may attend to; None stays None."""
    if key_mask is None:
        return None
    causal = torch.ones(key_mask.shape[1], key_mask.shape[1], dtype=torch.bool, device=key_mask.device).tril()
    return causal & key_mask[:, None, None, :]


def _alignment(queries: torch.Tensor, keys: torch.Tensor, valid: torch.Tensor | None) -> torch.Tensor:
    """Computes the log-softmax (B, M, T) of one head's attention from queries (B, M, D) to keys (B, T, D)."""
    with torch.autocast(queries.device.type, enabled=False):
        logits = queries.float() @ keys.float().transpose(1, 2) * queries.shape[-1] ** -0.5
    if valid is not None:
        logits = logits.masked_fill(~valid[:, None, :], _MASKED_LOG_PROB)
    return logits.log_softmax(-1)
