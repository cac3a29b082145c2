"""The listener: the dVAE and the CTC scorer of a model hear the rendered audio; a recogniser may be asked besides.

The networks know no words but those of the text: they hear whether these are there, and what sounds like something
else. Must not know who chose the take, by the same scorer perhaps.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Protocol

from nltk.metrics.distance import edit_distance

from storage.hearing import HeardWord, Hearing, HowHeard
from tasks.align.words import at_rate
from tasks.qa.listeners.listener import Sound, hearing
from tasks.qa.listeners.policy import Policy, policy_of
from tasks.qa.listeners.sound import Opinion, Opinions
from tortoise_core.description import read_description
from tortoise_core.text.notation import respell

if TYPE_CHECKING:
    from tortoise_core.inference.evidence import Evidence, EvidenceGatherer, WordEvidence

NAME = "built-in"
VERSION = 1  # raise it when the same take, networks and policy would be heard otherwise
MOST_NATS = 30.0  # evidence beyond this says no more


class SecondOpinion(Protocol):
    """A recogniser that is asked besides the model's own networks."""

    digest: str

    def hear(self, sound: Sound, evidence: Evidence) -> Opinions:
        """Says of each word of the evidence, and of each gap, what it thinks."""


class ModelListener:
    """Implements `Listener`. Raises `CheckpointError` for a folder that is no model."""

    def __init__(self, model: Path, kind: str = NAME, second: SecondOpinion | None = None) -> None:
        self._model = model
        self._second = second
        self._kind = kind
        self.digest = f"{kind} {VERSION} {read_description(model).digest()}" + (f" {second.digest}" if second else "")

    @cached_property
    def _gatherer(self) -> EvidenceGatherer:
        from tortoise_core.checkpoints.manifest import read_manifest
        from tortoise_core.inference.evidence import EvidenceGatherer
        from tortoise_core.inference.phone_hearer import PhoneHearer

        return EvidenceGatherer(PhoneHearer(read_manifest(self._model)))

    @cached_property
    def _policy(self) -> Policy:
        return policy_of(self._kind)

    def listen(self, sounds: Sequence[Sound]) -> list[Hearing]:
        """See `Listener`. One after another: what a recording is heard as does not depend on its batch."""
        return [self._hear(sound) for sound in sounds]

    def evidence(self, sound: Sound) -> tuple[Evidence, Opinions] | None:
        """Gathers what the doubts are made of; None where the recording is too short for its text."""
        audio = at_rate(sound.audio, sound.sample_rate, self._gatherer.hearer.sample_rate)
        evidence = self._gatherer.gather(audio, sound.spoken)
        if evidence is None:
            return None
        return evidence, self._second.hear(sound, evidence) if self._second else _no_opinions(evidence)

    def _hear(self, sound: Sound) -> Hearing:
        found = self.evidence(sound)
        if found is None:
            lost = HeardWord(0, len(sound.spoken), HowHeard.MISSING, 0.0, sound.seconds, 1.0)
            return hearing(self.digest, [lost], 1)
        evidence, opinions = found
        words: list[HeardWord] = []
        for n, gap in enumerate(evidence.gaps):
            doubt = self._policy.weighings["gap"].doubt(gap_features(evidence, opinions, n))
            if doubt >= self._policy.threshold:
                at = evidence.words[n].start if n < len(evidence.words) else len(sound.spoken)
                heard = opinions.gaps[n].heard or respell(gap.heard)
                words.append(HeardWord(at, at, HowHeard.ADDED, gap.first_s, gap.last_s, round(doubt, 4), heard))
            if n < len(evidence.words):
                doubt = self._policy.weighings["word"].doubt(word_features(evidence, opinions, n))
                words.append(self._word(evidence.words[n], opinions.words[n], round(doubt, 4)))
        return hearing(self.digest, words, len(evidence.words))

    def _word(self, word: WordEvidence, opinion: Opinion, doubt: float) -> HeardWord:
        """Says what became of a word: one that is doubted is missing, said twice, or like something else."""
        how = HowHeard.SAID
        heard = ""
        if doubt >= self._policy.threshold:
            how = HowHeard.DOUBTFUL
            heard = opinion.heard or respell(word.heard)
            if word.missing > max(0.0, word.doubled):
                how = HowHeard.MISSING
            elif word.doubled > 0:
                how = HowHeard.ADDED
        return HeardWord(word.start, word.end, how, word.first_s, word.last_s, doubt, heard)


def word_features(evidence: Evidence, opinions: Opinions, n: int) -> dict[str, float]:
    """Describes what is known of one word, for the policy. All are near 0 for a word that is said well."""
    words = evidence.words
    word = words[n]
    beside = evidence.gaps[n].added + evidence.gaps[n + 1].added
    neighbours = [words[m].unlike for m in (n - 1, n + 1) if 0 <= m < len(words)]
    pace = [(other.last_s - other.first_s) / len(other.phones) for other in words]
    typical = max(1e-3, median(pace))
    heard = edit_distance([p.rstrip("012") for p in word.phones], [p.rstrip("012") for p in word.heard])
    last = float(n == len(words) - 1)
    stressed = {phone.rstrip("012") for phone in word.phones if phone.endswith("1")}
    features = {
        "missing": _ramp(word.missing, -5, 10),
        "surely missing": _ramp(word.missing, 0, 3),
        "doubled": _ramp(word.doubled, -5, 10),
        "surely doubled": _ramp(word.doubled, 0, 5),
        "doubled and added beside": _ramp(word.doubled, -5, 5) * _ramp(beside, 0, 10),
        "another vowel": _ramp(word.unlike, 1, 6) * float(not stressed <= {p.rstrip("012") for p in word.heard}),
        "unlike": _limited(word.unlike) / MOST_NATS,
        "unlike a phone": min(5.0, word.unlike / len(word.phones)),
        "unlike beside": _limited(max(neighbours, default=0.0)) / MOST_NATS,
        "unlike as all": _limited(median(other.unlike for other in words)) / MOST_NATS,
        "misheard phones": heard / len(word.phones),
        "added beside": _limited(beside) / MOST_NATS,
        "hurried": max(0.0, math.log(typical / max(1e-3, pace[n]))),
        "drawn out": max(0.0, math.log(max(1e-3, pace[n]) / typical)),
        "last": last,
        "last and unlike": min(5.0, word.unlike / len(word.phones)) * last,
    }
    opinion = opinions.words[n].doubt
    beside_opinion = max(opinions.gaps[n].doubt, opinions.gaps[n + 1].doubt)
    return features | {
        "second": opinion,
        "second and unlike": opinion * features["unlike"],
        "second beside": beside_opinion,
        "long and second": opinion * min(1.0, len(word.phones) / 8),
    }


def gap_features(evidence: Evidence, opinions: Opinions, n: int) -> dict[str, float]:
    """Describes what is known of the stretch before a word, or after the last, for the policy."""
    gap = evidence.gaps[n]
    outside = float(n in (0, len(evidence.gaps) - 1))
    beside = [evidence.words[m].unlike for m in (n - 1, n) if 0 <= m < len(evidence.words)]
    return {
        "added": _limited(gap.added) / MOST_NATS,
        "surely added": _ramp(gap.added, 4, 12),
        "phones": min(10.0, len(gap.heard)),
        "outside": outside,
        "phones outside": min(10.0, len(gap.heard)) * outside,
        "seconds": min(3.0, gap.last_s - gap.first_s),
        "unlike beside": _limited(max(beside, default=0.0)) / MOST_NATS,
        "second": opinions.gaps[n].doubt,
        "second and added": opinions.gaps[n].doubt * _limited(gap.added) / MOST_NATS,
    }


def _ramp(value: float, low: float, high: float) -> float:
    """Rises from 0 at `low` to 1 at `high`."""
    return max(0.0, min(1.0, (value - low) / (high - low)))


def _no_opinions(evidence: Evidence) -> Opinions:
    return Opinions((Opinion(),) * len(evidence.words), (Opinion(),) * len(evidence.gaps))


def _limited(nats: float) -> float:
    return max(-MOST_NATS, min(MOST_NATS, nats))
