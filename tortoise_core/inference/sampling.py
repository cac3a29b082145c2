"""Owns the sampling loop: many utterances and all their candidates in one batch; knows nothing of text or audio.

`sampling_reference.py` does the same one row at a time and without a cache; a test holds the two equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from tortoise_core.errors import ConfigError
from tortoise_core.inference.logits import DecodingSettings, draw_codes, process_logits, uniform_draws
from tortoise_core.models.autoregressive import AutoregressiveConfig, AutoregressiveModel, DecodedStep

_CACHE_GROWTH = 128  # slots added at a time: most rows end long before the limit
_COMPACT_AT = 0.75  # live share of the batch at which stopped rows are thrown out; copying the cache costs about a step
_PENALISED_PROMPT_ID = 1  # what the published program fills its prompt with


@dataclass(frozen=True, eq=False)
class Prompt:
    """What is to be said, and in which voice."""

    voice: torch.Tensor  # (C,) conditioning latent
    text: torch.Tensor  # (T,) int64 text ids; the model's start and stop are added here
    codes: torch.Tensor | None = None  # (K,) codes that the row must begin with


@dataclass(frozen=True, eq=False)
class CodeRow:
    """One sampled row."""

    codes: torch.Tensor  # (M,) int64 on the CPU, without the stop code
    stopped: bool  # the model ended the row by itself
    latents: torch.Tensor | None = None  # (M, C), the states that predicted the codes
    attention: torch.Tensor | None = None  # (M, T') shares of attention on the text with its start and stops


@dataclass(frozen=True)
class Keep:
    """What to hand out besides codes."""

    latents: bool = False
    attention: bool = False  # needs a model with an `alignment_head`


def sample_codes(
    model: AutoregressiveModel,
    prompts: Sequence[Prompt],
    settings: DecodingSettings,
    seeds: Sequence[Sequence[int]],
    keep: Keep = Keep(),
) -> list[list[CodeRow]]:
    """Samples one row of codes per seed of every prompt, all in one batch.

    Args:
        model: the network, in eval mode.
        prompts: one per utterance.
        settings: how to draw; the same for all rows.
        seeds: the candidates' seeds, one list per prompt. A row depends on its prompt and seed, not on its neighbours
            (up to float rounding, which differs between batch sizes).
        keep: what else to return.

    Returns: the rows of each prompt, in the order of its seeds.
    """
    flat = [seed for group in seeds for seed in group]
    owners = [index for index, group in enumerate(seeds) for _ in group]
    rows = decode(model, prompts, owners, uniform_draws(flat, settings.max_codes), settings, keep) if flat else []
    grouped: list[list[CodeRow]] = [[] for _ in prompts]
    for owner, row in zip(owners, rows, strict=True):
        grouped[owner].append(row)
    return grouped


@torch.no_grad()
def decode(
    model: AutoregressiveModel,
    prompts: Sequence[Prompt],
    owners: Sequence[int],
    draws: torch.Tensor,
    settings: DecodingSettings,
    keep: Keep = Keep(),
) -> list[CodeRow]:
    """Runs rows until all have stopped; row i continues prompt `owners[i]` and draws with `draws` (R, max_codes)[i]."""
    if keep.attention and model.config.alignment_head is None:
        raise ConfigError("the model has no alignment_head, so there is no attention to keep")
    if model.code_positions is not None and settings.max_codes >= model.code_positions:
        raise ConfigError(
            f"max_codes {settings.max_codes} must stay below the model's {model.code_positions} positions"
        )
    device = model.mel_embedding.weight.device
    owner = torch.tensor(owners, device=device)
    text_in, text_lengths = _text_batch(model, prompts, device)
    voices = torch.stack([prompt.voice for prompt in prompts]).to(device)
    padded = None if bool((text_lengths == text_in.shape[1]).all()) else text_lengths
    prompt_cache = model.prefill(voices, text_in, padded)
    batch = _Batch(model.config, settings, _given_codes(prompts, owners, settings.max_codes).to(device))
    cache = prompt_cache.select(owner, prompt_cache.filled)
    draws = draws.to(device)
    record = _Record(keep)
    for step in range(settings.max_codes):
        if cache.filled == cache.slots:
            cache = cache.select(torch.arange(len(batch.live), device=device), cache.filled + _CACHE_GROWTH)
        output = model.decode_step(batch.last, batch.positions(step), cache)
        record.add(batch.live, output)
        scores = process_logits(batch.allowed(output.logits), batch.spoken, settings)
        chosen = scores.argmax(-1) if settings.greedy else draw_codes(scores, draws[batch.live, step])
        kept = batch.advance(step, chosen)
        if len(kept) == 0:
            break
        if len(kept) < len(batch.live):
            cache = cache.select(kept, cache.slots)
            batch.keep(kept)
    return record.rows(batch.codes, model.config.code_stop, text_lengths[owner])


class _Batch:
    """The rows under way. `live` names the original row of each row that is still in the batch."""

    def __init__(self, config: AutoregressiveConfig, settings: DecodingSettings, given: torch.Tensor) -> None:
        rows, device = len(given), given.device
        self.config, self.quirks = config, settings.quirks
        self.given = given  # (R, max_codes), -1 where the model decides
        self.given_lengths = (given >= 0).sum(1)
        self.codes = torch.full_like(given, config.code_stop)  # (R, max_codes), what was chosen
        self.live = torch.arange(rows, device=device)
        self.finished = torch.zeros(rows, dtype=torch.bool, device=device)
        self.last = torch.full((rows,), config.code_start, device=device)
        self.spoken = torch.zeros(rows, config.code_tokens, dtype=torch.bool, device=device)
        if self.quirks.penalise_prompt_ids:
            self.spoken[:, [_PENALISED_PROMPT_ID, config.code_start]] = True

    def positions(self, step: int) -> torch.Tensor:
        """Code positions (rows,) of the codes fed at `step`: the start code first, at 0."""
        positions = torch.full_like(self.live, step)
        if self.quirks.shifted_cache_positions:
            positions += step > self.given_lengths[self.live]
        return positions

    def allowed(self, logits: torch.Tensor) -> torch.Tensor:
        """Logits without the codes that may never be sampled."""
        if not self.quirks.allow_start_code:
            logits[:, self.config.code_start] = float("-inf")
        return logits

    def advance(self, step: int, chosen: torch.Tensor) -> torch.Tensor:
        """Takes the code chosen by each row; returns which rows of the batch to go on with, empty when all are done."""
        given = self.given[self.live, step]
        chosen = torch.where(given >= 0, given, chosen)
        chosen = torch.where(self.finished, self.config.code_stop, chosen)
        self.codes[self.live, step] = chosen
        self.spoken[torch.arange(len(chosen), device=chosen.device), chosen] = True
        self.finished = chosen == self.config.code_stop
        self.last = chosen
        going = (~self.finished).nonzero()[:, 0]
        worthwhile = len(going) <= _COMPACT_AT * len(chosen)
        return going if worthwhile else torch.arange(len(chosen), device=chosen.device)

    def keep(self, rows: torch.Tensor) -> None:
        """Drops all other rows of the batch."""
        self.live, self.finished = self.live[rows], self.finished[rows]
        self.last, self.spoken = self.last[rows], self.spoken[rows]


class _Record:
    """Collects what the caller wants to keep of every step."""

    def __init__(self, keep: Keep) -> None:
        self.keep = keep
        self.steps: list[tuple[torch.Tensor, DecodedStep]] = []

    def add(self, live: torch.Tensor, output: DecodedStep) -> None:
        if self.keep.latents or self.keep.attention:
            self.steps.append((live, output))

    def rows(self, codes: torch.Tensor, stop: int, text_lengths: torch.Tensor) -> list[CodeRow]:
        """Cuts everything to the length of each row; `text_lengths` (R,) counts start and stops."""
        spoken = (codes != stop).long().cumprod(1).sum(1).tolist()
        latents = self._gather(len(codes), [output.hidden for _, output in self.steps]) if self.keep.latents else None
        weights = [output.alignment.exp() for _, output in self.steps if output.alignment is not None]
        attention = self._gather(len(codes), weights) if self.keep.attention else None
        return [
            CodeRow(
                codes[row, :length].cpu(),
                stopped=length < codes.shape[1],
                latents=None if latents is None else latents[row, :length],
                attention=None if attention is None else attention[row, :length, : int(text_lengths[row])],
            )
            for row, length in enumerate(spoken)
        ]

    def _gather(self, rows: int, values: list[torch.Tensor]) -> torch.Tensor:
        gathered = values[0].new_zeros(rows, len(values), values[0].shape[1])
        for step, ((live, _), value) in enumerate(zip(self.steps, values, strict=True)):
            gathered[live, step] = value
        return gathered


def _text_batch(
    model: AutoregressiveModel, prompts: Sequence[Prompt], device: torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    """All texts with start and stops (U, T'), right-padded, and how many positions of each are real (U,)."""
    texts = [prompt.text.to(device) for prompt in prompts]
    lengths = torch.tensor([len(text) for text in texts], device=device)
    padded = torch.nn.utils.rnn.pad_sequence(texts, batch_first=True, padding_value=model.config.text_stop)
    text_in = model.text_input(padded)
    return text_in, lengths + (text_in.shape[1] - padded.shape[1])


def _given_codes(prompts: Sequence[Prompt], owners: Sequence[int], max_codes: int) -> torch.Tensor:
    """(R, max_codes) codes that rows must begin with, -1 where the model decides."""
    given = torch.full((len(owners), max_codes), -1)
    for row, owner in enumerate(owners):
        codes = prompts[owner].codes
        if codes is not None:
            given[row, : len(codes)] = codes[:max_codes]
    return given
