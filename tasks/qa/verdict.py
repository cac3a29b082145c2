"""From the checks' findings to a verdict, and from several takes to the best one.

It must not know how audio is made or stored: it sees arrays, settings and take records.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from configs.settings import QaSettings
from storage.records import Take, Verdict
from tasks.qa.checks import CHECKS, Rendering

RANKING = ("clvp", "speller")  # networks whose scores of takes of one text add up: see `code_stage.py`
DOUBT = "doubt"  # the score that sums up the severities; 0 for a take that passed everything


@dataclass(frozen=True)
class Judgement:
    """Verdict, reasons and scores of one rendering, as they go into its `Take`."""

    verdict: Verdict
    reasons: tuple[str, ...]
    scores: dict[str, float]


def judge(rendering: Rendering, settings: QaSettings) -> Judgement:
    """Runs every check. One reason is enough to doubt a take."""
    findings = {name: check(rendering, settings) for name, check in CHECKS.items()}
    reasons = tuple(finding.reason for finding in findings.values() if finding.reason)
    scores = {name: round(finding.score, 6) for name, finding in findings.items()}
    scores[DOUBT] = float(sum(finding.severity for finding in findings.values()))
    return Judgement(Verdict.DOUBTFUL if reasons else Verdict.OK, reasons, scores)


def best(takes: Iterable[Take]) -> Take:
    """The take to keep: least doubted, then best liked by the networks that rank, then earliest.

    Raises `ValueError` for no takes.
    """

    def order(take: Take) -> tuple[float, float, int]:
        liked = sum(take.scores.get(network, 0.0) for network in RANKING)
        return take.scores.get(DOUBT, 0.0), -liked, take.attempt

    return min(takes, key=order)
