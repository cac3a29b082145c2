"""Samples speech codes in the plainest way: one row, one code at a time, no cache, no batch. Slow on purpose.

`sampling.py` is the one to use; tests hold it to this. Knows nothing of text or audio.
"""

from __future__ import annotations

import math

import torch

from tortoise_core.inference.flight import Prompt
from tortoise_core.inference.logits import DecodingSettings, uniform_draws
from tortoise_core.models.autoregressive import AutoregressiveModel


@torch.no_grad()
def sample_row(model: AutoregressiveModel, prompt: Prompt, settings: DecodingSettings, seed: int) -> list[int]:
    """The codes of one row, without the stop code (spec 4). The cache's position fault does not exist here."""
    config = model.config
    quirks = settings.quirks
    draws = uniform_draws([seed], settings.max_codes)[0].tolist()
    given = [] if prompt.codes is None else prompt.codes.tolist()
    text_in = model.text_input(prompt.text[None])
    codes: list[int] = []
    for step in range(settings.max_codes):
        if step < len(given):
            code = given[step]
        else:
            codes_in = torch.tensor([[config.code_start, *codes]])
            hidden = model.hidden_states(prompt.voice[None], text_in, codes_in).codes[0, -1]
            scores = model.mel_head(hidden).tolist()
            if not quirks.allow_start_code:
                scores[config.code_start] = -math.inf
            history = {*codes, *((1, config.code_start) if quirks.penalise_prompt_ids else ())}
            code = choose(scores, history, settings, draws[step])
        if code == config.code_stop:
            break
        codes.append(code)
    return codes


def choose(scores: list[float], history: set[int], settings: DecodingSettings, uniform: float) -> int:
    """The next code: repetition penalty, typical filter, temperature, top-k, top-p, draw, in this order."""
    penalty = settings.repetition_penalty
    for code in history:
        scores[code] = scores[code] * penalty if scores[code] < 0 else scores[code] / penalty
    if settings.typical_mass is not None:
        scores = _keep_typical(scores, settings.typical_mass)
    if settings.greedy:
        return max(range(len(scores)), key=lambda code: scores[code])
    scores = [score / settings.temperature for score in scores]
    ranking = sorted(range(len(scores)), key=lambda code: -scores[code])
    if settings.top_k:
        ranking = ranking[: settings.top_k]
    ranking = _shortest_prefix(ranking, _softmax(scores, set(ranking)), settings.top_p)
    probs = _softmax(scores, set(ranking))
    reached = 0.0
    for code, prob in enumerate(probs):
        reached += prob
        if reached > uniform:
            return code
    return max(ranking)  # the sum fell short of `uniform` by rounding


def _keep_typical(scores: list[float], mass: float) -> list[float]:
    """Keeps the codes whose surprise is nearest to the expected one, until they hold `mass`; the rest get -inf."""
    probs = _softmax(scores, set(range(len(scores))))
    surprise = [-math.log(prob) if prob else math.inf for prob in probs]
    entropy = sum(prob * s for prob, s in zip(probs, surprise, strict=True) if prob)
    ranking = sorted(range(len(scores)), key=lambda code: abs(surprise[code] - entropy))
    kept = set(_shortest_prefix(ranking, probs, mass))
    return [score if code in kept else -math.inf for code, score in enumerate(scores)]


def _shortest_prefix(ranking: list[int], probs: list[float], mass: float) -> list[int]:
    """The first codes of a ranking that together hold at least `mass`."""
    reached = 0.0
    for count, code in enumerate(ranking, start=1):
        reached += probs[code]
        if reached >= mass:
            return ranking[:count]
    return ranking


def _softmax(scores: list[float], kept: set[int]) -> list[float]:
    """Probabilities of the kept codes; 0 for the others."""
    best = max(scores[code] for code in kept)
    weights = [math.exp(score - best) if code in kept else 0.0 for code, score in enumerate(scores)]
    total = sum(weights)
    return [weight / total for weight in weights]
