"""Turns logits into the next code, for many rows at once (spec 4); knows nothing of networks or of rows' history.

The rules and their order are those of the published system: repetition penalty, typical filter, temperature, top-k,
top-p. `sampling_reference.py` states them one row and one code at a time. `next_codes` is the fast way through them,
`process_logits` with `draw_codes` the plain one over the whole vocabulary; a test holds the two equal.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch

from tortoise_core.errors import ConfigError

_REMOVED = float("-inf")
_SPARE = 32  # codes looked at beyond the top k, where those are that tie with the last


@dataclass(frozen=True)
class UpstreamQuirks:
    """Faults of the published program, each off by default; parity with its recordings needs them (spec 4 and 9)."""

    penalise_prompt_ids: bool = False  # code 1 and the start code count as already spoken
    allow_start_code: bool = False  # the start code may be sampled, though nothing downstream can read it
    shifted_cache_positions: bool = False  # every code after the first gets the position of its successor


UPSTREAM_UNCACHED = UpstreamQuirks(penalise_prompt_ids=True, allow_start_code=True)
UPSTREAM_CACHED = UpstreamQuirks(penalise_prompt_ids=True, allow_start_code=True, shifted_cache_positions=True)


@dataclass(frozen=True)
class DecodingSettings:
    """How codes are drawn. The defaults are those of the published presets."""

    temperature: float = 0.8
    top_k: int = 50  # 0: off
    top_p: float = 0.8  # 1: off
    repetition_penalty: float = 2.0  # 1: off
    typical_mass: float | None = None
    greedy: bool = False  # the best code instead of a drawn one, whatever temperature, top-k and top-p are
    max_codes: int = 500
    runaway_excess: float = 0.0  # a row longer than the median of its prompt's by more than this share is ended; 0: off
    quirks: UpstreamQuirks = field(default_factory=UpstreamQuirks)

    def __post_init__(self) -> None:
        if self.temperature <= 0:
            raise ConfigError(f"temperature must be above 0, not {self.temperature}: use greedy for the best code")
        if self.top_k < 0 or not 0 < self.top_p <= 1:
            raise ConfigError(f"top_k {self.top_k} must be >= 0 and top_p {self.top_p} in (0, 1]")
        if self.repetition_penalty <= 0:
            raise ConfigError(f"repetition_penalty must be above 0, not {self.repetition_penalty}")
        if self.typical_mass is not None and not 0 < self.typical_mass < 1:
            raise ConfigError(f"typical_mass must be in (0, 1), not {self.typical_mass}")
        if self.runaway_excess < 0:
            raise ConfigError(f"runaway_excess must be at least 0, not {self.runaway_excess}")
        if self.max_codes < 1:
            raise ConfigError(f"max_codes must be at least 1, not {self.max_codes}")


def next_codes(
    logits: torch.Tensor, spoken: torch.Tensor, uniform: torch.Tensor, settings: DecodingSettings
) -> torch.Tensor:
    """The code (R,) that each row of raw logits (R, V) chooses; see `process_logits` and `draw_codes`."""
    top_k = settings.top_k
    in_sight = top_k + _SPARE
    filtered = not settings.greedy and settings.typical_mass is None and top_k > 0 and in_sight < logits.shape[-1]
    if not filtered or logits.device.type == "cuda":  # a GPU would wait longer for the answer about ties
        scores = process_logits(logits, spoken, settings)
        return scores.argmax(-1) if settings.greedy else draw_codes(scores, uniform)
    scores = penalise_repetition(logits.float(), spoken, settings.repetition_penalty) / settings.temperature
    codes = _best(scores, in_sight).sort(-1).values  # a draw goes through the codes in their order
    best = scores.gather(-1, codes)
    ranked = best.sort(-1, descending=True).values
    if bool((ranked[:, -1] == ranked[:, top_k - 1]).any()):  # so many ties that not all of them are in sight
        return draw_codes(keep_top(scores, top_k, settings.top_p), uniform)
    kept = keep_top(best, top_k, settings.top_p, ranked=ranked[:, :top_k])
    return codes.gather(-1, draw_codes(kept, uniform)[:, None])[:, 0]


def _best(scores: torch.Tensor, count: int) -> torch.Tensor:
    """The places of the `count` best of each row on the CPU, in no order: (R, V) to (R, count).

    NumPy's, which takes a third of the time of `topk`.
    """
    first = scores.shape[-1] - count
    return torch.from_numpy(np.argpartition(scores.numpy(), first, axis=-1)[:, first:])


def process_logits(logits: torch.Tensor, spoken: torch.Tensor, settings: DecodingSettings) -> torch.Tensor:
    """Applies all rules to raw logits (R, V); `spoken` (R, V) bool marks the codes of each row's history.

    Returns scores (R, V), float32, -inf where a code may not be drawn; their softmax is the distribution to draw from.
    """
    scores = penalise_repetition(logits.float(), spoken, settings.repetition_penalty)
    if settings.typical_mass is not None:
        scores = keep_typical(scores, settings.typical_mass)
    if settings.greedy:
        return scores
    return keep_top(scores / settings.temperature, settings.top_k, settings.top_p)


def penalise_repetition(scores: torch.Tensor, spoken: torch.Tensor, penalty: float) -> torch.Tensor:
    """Makes codes already spoken less likely, once each however often they came (Keskar et al. 2019, 4.1)."""
    if penalty == 1:
        return scores
    return torch.where(spoken, torch.where(scores < 0, scores * penalty, scores / penalty), scores)


def keep_typical(scores: torch.Tensor, mass: float) -> torch.Tensor:
    """Keeps the codes whose surprise is nearest to the expected one, until they hold `mass` (Meister et al. 2022)."""
    log_probs = scores.log_softmax(-1)
    probs = log_probs.exp()
    entropy = -(log_probs * probs).nansum(-1, keepdim=True)  # 0 * -inf counts as 0
    strangeness, order = (-log_probs - entropy).abs().sort(-1)
    last = (probs.gather(-1, order).cumsum(-1) < mass).sum(-1, keepdim=True).clamp(max=scores.shape[-1] - 1)
    limit = strangeness.gather(-1, last)
    return scores.masked_fill((-log_probs - entropy).abs() > limit, _REMOVED)


def keep_top(scores: torch.Tensor, top_k: int, top_p: float, ranked: torch.Tensor | None = None) -> torch.Tensor:
    """Keeps the `top_k` best codes, and of those the smallest set that holds `top_p` of their mass; at least one.

    Codes of equal score are kept or dropped together. `ranked` are the `top_k` best scores, best first, where the
    caller has them.
    """
    if not top_k and top_p == 1:
        return scores
    if ranked is None:
        ranked = scores.topk(min(top_k or scores.shape[-1], scores.shape[-1]), dim=-1).values
    scores = scores.masked_fill(scores < ranked[:, -1:], _REMOVED)
    ranked = ranked.double()  # so that the order in which masses are added up decides nothing
    probs = (ranked - scores.double().logsumexp(-1, keepdim=True)).exp()
    mass_before = probs.cumsum(-1) - probs
    kept = (mass_before < top_p).sum(-1, keepdim=True)
    return scores.masked_fill(scores < ranked.gather(-1, kept - 1).to(scores.dtype), _REMOVED)


def uniform_draws(seeds: list[int], count: int) -> torch.Tensor:
    """`count` uniform numbers per seed, (len(seeds), count) float64 in [0, 1): row i depends on seed i alone."""
    generator = torch.Generator()
    rows = [torch.rand(count, generator=generator.manual_seed(seed), dtype=torch.float64) for seed in seeds]
    return torch.stack(rows)


def draw_codes(scores: torch.Tensor, uniform: torch.Tensor) -> torch.Tensor:
    """Draws codes (R,) from the softmax of scores (R, V) by inverting its cumulative sum at `uniform` (R,)."""
    cumulative = (scores - scores.amax(-1, keepdim=True)).double().exp().cumsum(-1)
    target = uniform[:, None] * cumulative[:, -1:]
    return torch.searchsorted(cumulative, target, right=True)[:, 0]
