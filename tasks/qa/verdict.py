"""Judges a rendering by its checks, and picks the best of several takes.

It must not know how audio is made or stored: it sees arrays, settings and take records.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from configs.settings import QaSettings
from storage.hearing import Hearing
from storage.records import Take, Verdict
from tasks.qa.checks import CHECKS, Rendering
from tasks.qa.listeners.reasons import misheard, reasons_of

RANK = "rank"  # the score by which the engine ranks takes of one text, the higher the better
_EARLIER_RANKS = ("clvp", "speller")  # what takes have that were made before there was one rank: it is their sum
HEARD = "heard"  # the share of its words that a listener heard as written; takes have it that somebody listened to
HEARD_SEVERITY = 1
DOUBT = "doubt"  # the score that sums up the severities; 0 for a take that passed everything


@dataclass(frozen=True)
class Judgement:
    """Verdict, reasons and scores of one rendering, as they go into its `Take`."""

    verdict: Verdict
    reasons: tuple[str, ...]
    scores: dict[str, float]


def judge(rendering: Rendering, settings: QaSettings, hearing: Hearing | None = None) -> Judgement:
    """Runs every check, and adds what a listener heard. One reason is enough to doubt a take."""
    findings = {name: check(rendering, settings) for name, check in CHECKS.items()}
    reasons = tuple(finding.reason for finding in findings.values() if finding.reason)
    scores = {name: round(finding.score, 6) for name, finding in findings.items()}
    scores[DOUBT] = float(sum(finding.severity for finding in findings.values()))
    if hearing is not None:
        scores[HEARD] = hearing.score
        if words := misheard(hearing):
            reasons += reasons_of(words, rendering.text)
            scores[DOUBT] += HEARD_SEVERITY
    return Judgement(Verdict.DOUBTFUL if reasons else Verdict.OK, reasons, scores)


def best(takes: Iterable[Take]) -> Take:
    """Picks the take to keep: the least doubted; among equals the best heard, the highest ranked, the earliest.

    The engine ranks; takes that nobody listened to come after those that were heard. Raises `ValueError` for no takes.
    """
    return min(
        takes,
        key=lambda take: (take.scores.get(DOUBT, 0.0), -take.scores.get(HEARD, 0.0), -rank(take), take.attempt),
    )


def rank(take: Take) -> float:
    """Returns how the engine ranks a take among those of the same text, the higher the better."""
    if RANK in take.scores:
        return take.scores[RANK]
    return sum(take.scores.get(name, 0.0) for name in _EARLIER_RANKS)
