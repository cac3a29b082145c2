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
FOLDS = 7  # no divisor of the number of voices, whose turn it is changes from sentence to sentence


@dataclass(frozen=True, eq=False)
class Listened:
    """A take with what a listener gathered of it; `found` is None where it is too short for its text."""

    known: Known
    found: tuple[Evidence, Opinions] | None


@dataclass(frozen=True)
class Sample:
    """What is known of a word or a gap, whether it is wrong, and how much it counts."""

    features: Mapping[str, float]
    is_wrong: bool
    weight: float = 1.0


def learn(takes: Iterable[Listened]) -> dict[str, Weighing]:
    """Fits the two regressions, of words and of gaps.

    All wrong words of a take count as one, else takes that say another sentence would be all that is learned. What
    stands beside a wrong word, or before words too many, is disturbed by it and neither right nor wrong: left out.
    """
    words: list[Sample] = []
    gaps: list[Sample] = []
    for take in takes:
        if take.found is None:
            continue
        evidence, opinions = take.found
        wrong = [_is_wrong(take.known, word.start, word.end) for word in evidence.words]
        more = take.known.is_faulty and not take.known.spans  # after the last word
        beside = [any(wrong[max(0, n - 1) : n + 2]) or (more and n == len(wrong) - 1) for n in range(len(wrong))]
        for n, bad in enumerate(wrong):
            if bad or not beside[n]:
                words.append(Sample(word_features(evidence, opinions, n), bad, 1 / sum(wrong) if bad else 1.0))
        for n in range(len(evidence.gaps)):
            if not any(wrong[max(0, n - 1) : n + 1]):
                gaps.append(Sample(gap_features(evidence, opinions, n), more and n == len(wrong)))
    return {"word": _regression(words), "gap": _regression(gaps)}


def cross_validated(takes: Sequence[Listened]) -> list[float]:
    """The greatest doubt of each take, by what is learned of the takes of other sentences."""
    sentences = {text: n for n, text in enumerate(dict.fromkeys(take.known.sound.spoken for take in takes))}
    fold = [sentences[take.known.sound.spoken] % FOLDS for take in takes]
    most = [0.0] * len(takes)
    for left_out in range(FOLDS):
        weighings = learn(take for take, own in zip(takes, fold, strict=True) if own != left_out)
        for n, take in enumerate(takes):
            if fold[n] == left_out:
                most[n] = greatest_doubt(take, weighings)
    return most


def greatest_doubt(take: Listened, weighings: Mapping[str, Weighing]) -> float:
    """The greatest doubt on a word or gap of a take; 1 where it is too short for its text."""
    if take.found is None:
        return 1.0
    evidence, opinions = take.found
    words = (weighings["word"].doubt(word_features(evidence, opinions, n)) for n in range(len(evidence.words)))
    gaps = (weighings["gap"].doubt(gap_features(evidence, opinions, n)) for n in range(len(evidence.gaps)))
    return max([*words, *gaps])


def threshold(most: Sequence[float], faulty: Sequence[bool], false_alarms: float) -> float:
    """The least doubt from which a take may be called doubtful while at most that share of good takes is.

    Args:
        most: the greatest doubt of each take, by what was learned of others.
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


def _regression(samples: Sequence[Sample]) -> Weighing:
    """Fits a logistic regression by L-BFGS on standardised features; gives weights of the features as they are."""
    names = list(samples[0].features)
    values = torch.tensor([[sample.features[name] for name in names] for sample in samples], dtype=torch.float64)
    labels = torch.tensor([float(sample.is_wrong) for sample in samples], dtype=torch.float64)
    shares = torch.tensor([sample.weight for sample in samples], dtype=torch.float64)
    shares = shares / shares.sum()
    mean = values.mean(0)
    scale = values.std(0).clamp_min(1e-3)
    standard = (values - mean) / scale
    weights = torch.zeros(len(names) + 1, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([weights], max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        logits = standard @ weights[1:] + weights[0]
        each = torch.nn.functional.binary_cross_entropy_with_logits(logits, labels, reduction="none")
        total = shares @ each + DECAY * weights[1:].square().sum()
        total.backward()
        return total

    optimizer.step(loss)
    found = weights.detach()
    own = found[1:] / scale
    bias = float(found[0] - (own * mean).sum())
    return Weighing(bias, dict(zip(names, own.tolist(), strict=True)))
