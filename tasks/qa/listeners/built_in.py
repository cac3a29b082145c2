"""The listener: the dVAE and the CTC scorer of a model hear the rendered audio; a recogniser may be asked besides.

The networks know no words but those of the text: they hear whether these are there, and what sounds like something
else. Must not know who chose the take, by the same scorer perhaps.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from statistics import mean, median
from typing import TYPE_CHECKING, Protocol

from storage.hearing import HeardWord, Hearing, HowHeard
from tasks.align.words import at_rate
from tasks.qa.listeners.listener import Sound, hearing
from tasks.qa.listeners.policy import Policy, policy_of
from tasks.qa.listeners.rivals import rivals
from tasks.qa.listeners.sound import Opinion, Opinions
from tortoise_core.description import read_description
from tortoise_core.text.notation import respell

if TYPE_CHECKING:
    from tortoise_core.inference.evidence import Evidence, EvidenceGatherer, WordEvidence

NAME = "built-in"
VERSION = 2  # raise it when the same take, networks and policy would be heard otherwise
MOST_NATS = 40.0  # evidence beyond this says no more
WRONG_PHONE = 3.0  # nats from which a phone counts as another
LEAST_S = 0.01  # that a word has room


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

        return EvidenceGatherer(PhoneHearer(read_manifest(self._model)), rivals)

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
    """Describes what is known of one word, for the policy. All are small for a word that is said well."""
    words = evidence.words
    word = words[n]
    added = max(evidence.gaps[n].added, evidence.gaps[n + 1].added)
    exchanged = max(words[m].exchanged for m in (n - 1, n) if m >= 0)
    beside = [words[m].unlike for m in (n - 1, n + 1) if 0 <= m < len(words)]
    rest = [*words[:n], *words[n + 1 :]]
    room = _rooms(evidence)
    pace = math.log(room[n] / median(room))
    last = float(n == len(words) - 1)
    features = {
        "missing": _ramp(word.missing, -8, 8),
        "doubled": _ramp(word.doubled, -10, 8),
        "doubled and added beside": _ramp(word.doubled, -10, 8) * _ramp(added, 0, 10),
        "exchanged": _ramp(exchanged, -10, 8),
        "mistaken": _ramp(word.mistaken, -8, 8),
        "unlike": _eased(word.unlike),
        "unlike a phone": min(5.0, word.unlike / len(word.phones)),
        "unlike worst phone": _eased(max(word.unlike_phones)),
        "unlike phones": mean(nats > WRONG_PHONE for nats in word.unlike_phones),
        "unlike beside": _eased(max(beside, default=0.0)),
        "unlike as the rest": _eased(median(other.unlike for other in rest)) if rest else 0.0,
        "unlike in the rest": _unlike_but(evidence, n),
        "added beside": _eased(added),
        "hurried": max(0.0, -pace),
        "drawn out": max(0.0, pace),
        "last": last,
        "last and unlike": min(5.0, word.unlike / len(word.phones)) * last,
    }
    opinion = opinions.words[n].doubt
    return features | {
        "second": opinion,
        "second and unlike": opinion * _ramp(word.unlike, 0, MOST_NATS),
        "second beside": max(opinions.gaps[n].doubt, opinions.gaps[n + 1].doubt),
        "long and second": opinion * min(1.0, len(word.phones) / 8),
    }


def gap_features(evidence: Evidence, opinions: Opinions, n: int) -> dict[str, float]:
    """Describes what is known of the stretch before a word, or after the last, for the policy."""
    gap = evidence.gaps[n]
    phones = min(10.0, len(gap.heard))
    last = float(n == len(evidence.gaps) - 1)
    beside = [evidence.words[m].unlike for m in (n - 1, n) if 0 <= m < len(evidence.words)]
    return {
        "added": _eased(gap.added),
        "phones": phones,
        "last": last,
        "last and added": last * _eased(gap.added),
        "last phones": last * phones,
        "seconds": min(3.0, gap.last_s - gap.first_s),
        "unlike beside": _eased(max(beside, default=0.0)),
        "second": opinions.gaps[n].doubt,
        "second and added": opinions.gaps[n].doubt * _ramp(gap.added, 0, MOST_NATS),
    }


def _unlike_but(evidence: Evidence, n: int) -> float:
    """Computes how unlike its text a take is but for one word, in nats for each phone; 0 where there is no other."""
    phones = [len(word.phones) for word in evidence.words]
    rest = sum(phones) - phones[n]
    nats = evidence.unlike * sum(phones) - evidence.words[n].unlike
    return max(0.0, min(3.0, nats / rest)) if rest else 0.0


def _rooms(evidence: Evidence) -> list[float]:
    """Computes how much time each word has between its neighbours, in seconds for a phone."""
    words = evidence.words
    ends = [0.0, *(word.last_s for word in words[:-1])]
    starts = [*(word.first_s for word in words[1:]), evidence.seconds]
    return [
        max(LEAST_S, start - end) / (len(word.phones) + 1) for end, start, word in zip(ends, starts, words, strict=True)
    ]


def _ramp(value: float, low: float, high: float) -> float:
    """Rises from 0 at `low` to 1 at `high`."""
    return max(0.0, min(1.0, (value - low) / (high - low)))


def _eased(nats: float) -> float:
    """Says little of great evidence: each nat says less than the one before."""
    return math.log1p(max(0.0, min(MOST_NATS, nats)))


def _no_opinions(evidence: Evidence) -> Opinions:
    return Opinions((Opinion(),) * len(evidence.words), (Opinion(),) * len(evidence.gaps))
