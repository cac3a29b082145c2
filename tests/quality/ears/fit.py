"""Learns from takes with known faults how evidence becomes doubt, and from which doubt on a take is doubtful.

Must not know the takes on which it will be tested.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from tasks.qa.listeners.built_in import gap_features, word_features
from tasks.qa.listeners.policy import Weighing
from tasks.qa.listeners.sound import Opinions
from tests.quality.ears.takes import Known
from tortoise_core.inference.evidence import Evidence

DECAY = 1e-4  # of weights of standardised features: keeps those of rare ones small


@dataclass(frozen=True, eq=False)
class Listened:
    """A take with what a listener gathered of it; `found` is None where it is too short for its text."""

    known: Known
    found: tuple[Evidence, Opinions] | None


def learn(takes: Iterable[Listened]) -> dict[str, Weighing]:
    """Fits the two regressions, of words and of gaps."""
    words: list[tuple[dict[str, float], bool]] = []
    gaps: list[tuple[dict[str, float], bool]] = []
    for take in takes:
        if take.found is None:
            continue
        evidence, opinions = take.found
        wrong = [_is_wrong(take.known, word.start, word.end) for word in evidence.words]
        words += [(word_features(evidence, opinions, n), bad) for n, bad in enumerate(wrong)]
        more = take.known.is_faulty and not take.known.spans
        for n in range(len(evidence.gaps)):
            beside = any(wrong[m] for m in (n - 1, n) if 0 <= m < len(wrong))
            if not beside:  # what a wrong word leaves over is its own fault
                gaps.append((gap_features(evidence, opinions, n), more and n == len(evidence.words)))
    return {"word": _regression(words), "gap": _regression(gaps)}


def doubts(take: Listened, weighings: Mapping[str, Weighing]) -> np.ndarray:
    """The doubts of a take's words and gaps; 1 where it is too short for its text. Shape: (words and gaps,)."""
    if take.found is None:
        return np.ones(1)
    evidence, opinions = take.found
    words = [weighings["word"].doubt(word_features(evidence, opinions, n)) for n in range(len(evidence.words))]
    gaps = [weighings["gap"].doubt(gap_features(evidence, opinions, n)) for n in range(len(evidence.gaps))]
    return np.array([*words, *gaps])


def threshold(most: Sequence[float], faulty: Sequence[bool], false_alarms: float) -> float:
    """The least doubt from which a take may be called doubtful while at most that share of good takes is.

    Args:
        most: the greatest doubt of each take.
        faulty: which of them have a planted fault.
        false_alarms: the share, in [0, 1].
    """
    good = np.sort([doubt for doubt, bad in zip(most, faulty, strict=True) if not bad])
    allowed = int(false_alarms * len(good))
    return float(good[len(good) - 1 - allowed]) + 1e-6


def policy_json(weighings: Mapping[str, Weighing], least: float) -> dict[str, Any]:
    """What `policy.json` says of one listener."""
    return {
        "threshold": round(least, 6),
        "weighings": {
            name: {"bias": round(w.bias, 5), "weights": {key: round(value, 5) for key, value in w.weights.items()}}
            for name, w in weighings.items()
        },
    }


def _is_wrong(known: Known, start: int, end: int) -> bool:
    return any(start < other_end and other_start < end for other_start, other_end in known.spans)


def _regression(samples: Sequence[tuple[Mapping[str, float], bool]]) -> Weighing:
    """Fits a logistic regression by L-BFGS on standardised features; gives weights of the features as they are."""
    names = list(samples[0][0])
    values = torch.tensor([[features[name] for name in names] for features, _ in samples], dtype=torch.float64)
    labels = torch.tensor([float(bad) for _, bad in samples], dtype=torch.float64)
    mean = values.mean(0)
    scale = values.std(0).clamp_min(1e-3)
    standard = (values - mean) / scale
    weights = torch.zeros(len(names) + 1, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([weights], max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        logits = standard @ weights[1:] + weights[0]
        total = torch.nn.functional.binary_cross_entropy_with_logits(logits, labels)
        total = total + DECAY * weights[1:].square().sum()
        total.backward()
        return total

    optimizer.step(loss)
    found = weights.detach()
    own = found[1:] / scale
    bias = float(found[0] - (own * mean).sum())
    return Weighing(bias, dict(zip(names, own.tolist(), strict=True)))
