"""How many faults are heard, and how often a take without one is doubted. Must not know how doubts come about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from tests.quality.ears.fit import Listened
from tests.quality.ears.takes import NATURAL

DRAWS = 2000  # of the bootstrap
CURVE = (0.01, 0.02, 0.03, 0.05, 0.08, 0.12)  # false alarms for which the curve is told


def rates(takes: Sequence[Listened], most: Sequence[float], least: float) -> dict[str, Any]:
    """Precision, recall and false alarms with their bounds; the recall of each kind of fault; the curve. In percent.

    Args:
        takes: with known faults.
        most: the greatest doubt of each.
        least: the doubt from which a take is called doubtful.
    """
    by_kind: dict[str, list[float]] = defaultdict(list)
    for take, doubt in zip(takes, most, strict=True):
        by_kind[take.known.kind].append(doubt)
    good = np.sort(by_kind.pop(NATURAL))[::-1]
    faulty = np.array([doubt for own in by_kind.values() for doubt in own])
    caught = int((faulty >= least).sum())
    alarms = int((good >= least).sum())
    recall, false_alarms = _bounds(takes, np.asarray(most) >= least)
    return {
        "tested": len(takes),
        "as rendered": len(good),
        "recall": _percent(caught / len(faulty)),
        "recall, from": recall[0],
        "recall, to": recall[1],
        "false alarms": _percent(alarms / len(good)),
        "false alarms, from": false_alarms[0],
        "false alarms, to": false_alarms[1],
        "precision": _percent(caught / max(1, caught + alarms)),
        **{kind: round(100 * float((np.array(own) >= least).mean())) for kind, own in sorted(by_kind.items())},
        **{
            f"recall at {share:.0%} false alarms": _percent(float((faulty > good[int(share * len(good))]).mean()))
            for share in CURVE
        },
    }


def _bounds(takes: Sequence[Listened], doubted: np.ndarray) -> tuple[tuple[float, float], tuple[float, float]]:
    """Bootstraps recall and false alarms over sentences: takes of one sentence are no independent tries. 95 %."""
    sentences = {text: n for n, text in enumerate(dict.fromkeys(take.known.sound.spoken for take in takes))}
    counts = np.zeros((len(sentences), 2, 2))  # of each sentence, without and with a fault: takes, and the doubted
    for take, doubt in zip(takes, doubted, strict=True):
        counts[sentences[take.known.sound.spoken], int(take.known.is_faulty)] += (1, doubt)
    drawn = np.random.default_rng(0).integers(len(counts), size=(DRAWS, len(counts)))
    totals = counts[drawn].sum(1)  # (draws, without and with, takes and doubted)
    low, high = np.percentile(totals[..., 1] / totals[..., 0], (2.5, 97.5), axis=0)
    return (_percent(low[1]), _percent(high[1])), (_percent(low[0]), _percent(high[0]))


def _percent(share: float) -> float:
    return round(100 * float(share), 1)
