"""What `make quality` measures of listeners: the faults that they hear, and the takes that they choose.

`faults` learns the policy on some takes, tests it on others, and writes `policy.json`. Takes and what is slow to hear
are kept, so that a second run takes minutes; the first takes hours.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from flows.services import Services, read_settings
from tasks.align.words import SpellerTimer
from tasks.qa.listeners import whisper
from tasks.qa.listeners.listener import Sound
from tasks.qa.listeners.policy import POLICY
from tasks.qa.listeners.reasons import misheard
from tests.quality.ears.fit import cross_validated, greatest_doubt, learn, policy_json, threshold
from tests.quality.ears.gathering import Ear, cost, ears, gather
from tests.quality.ears.material import BEST_VOICE, Material, takes_to_choose
from tests.quality.ears.rates import rates
from tests.quality.ears.rendering import Rendered, Studio
from tests.quality.ears.takes import known_takes
from tests.quality.judge import Judge, Spoken
from tests.quality.material import recorded

TIMED = 40  # takes
FALSE_ALARMS = 0.03  # share for which thresholds are set: less than the bars allow, as no two books are quite alike


@dataclass(frozen=True)
class Listening:
    """What both parts work with."""

    sentences: Path  # the training text, one sentence a line
    books: Path  # a folder of the books
    whisper: str  # a CTranslate2 model, by name or folder
    kinds: Sequence[str]  # of listeners
    measured: Sequence[Mapping[str, Any]]  # what an earlier run found of each kind
    judge: Judge
    out: Path

    @cached_property
    def services(self) -> Services:
        """The configured model, as a user's commands would load it."""
        return Services(read_settings())

    @cached_property
    def material(self) -> Material:
        """The sentences."""
        return Material(self.services, self.books, self.sentences)

    @cached_property
    def studio(self) -> Studio:
        """Who speaks them."""
        return Studio(self.services, self.out / "takes")

    @property
    def ears(self) -> list[Ear]:
        """The listeners of these kinds."""
        return ears(Path(self.services.synthesize.model), self.kinds, self.whisper, self.out / "opinions")


def faults(listening: Listening) -> list[dict[str, Any]]:
    """Learns of each kind of listener from which evidence on a take is doubtful, and tests it on other books.

    Every choice is made on the books that are learned from: the threshold is set on doubts that were learned of other
    sentences than the take's. Kinds that are not measured keep what was learned and measured before.
    """
    timer = SpellerTimer(Path(listening.services.synthesize.model))
    takes = list(known_takes(listening.material.cases, listening.studio, timer))
    policies: dict[str, Any] = json.loads(POLICY.read_text("utf-8"))
    rows = {row["listener"]: row for row in listening.measured}
    for ear in listening.ears:
        heard = list(gather(ear, takes))
        fitted = [take for take in heard if take.known.case.is_fitted]
        least = threshold(cross_validated(fitted), [take.known.is_faulty for take in fitted], FALSE_ALARMS)
        weighings = learn(fitted)
        policies[ear.kind] = policy_json(weighings, least)
        tested = [take for take in heard if not take.known.case.is_fitted]
        most = [greatest_doubt(take, weighings) for take in tested]
        spent = {"s of one core for 1 s of audio": round(cost(ear, takes[:TIMED]), 4)}
        rows[ear.kind] = {"listener": ear.kind, "takes": len(heard), **rates(tested, most, least), **spent}
        print(rows[ear.kind], flush=True)
    POLICY.write_text(json.dumps(policies, indent=1) + "\n", "utf-8")
    return list(rows.values())


def choices(listening: Listening) -> list[dict[str, Any]]:
    """The best of four takes of each sentence, by the engine's rank and by ear, beside the first take and the teacher.

    Whisper does not choose: it judges.
    """
    texts = listening.material.to_choose
    takes = takes_to_choose(texts, listening.studio)
    named = {f"{number:03d}": text for number, text in enumerate(texts)}
    teacher = recorded(BEST_VOICE, named, listening.out / "teachers")
    clip = teacher[0].wav
    chosen: dict[str, list[Path]] = {
        "teacher": [recording.wav for recording in teacher],
        "first take": [own[0].path for own in takes],
        "best by the engine's rank": [max(own, key=lambda take: take.rank).path for own in takes],
    }
    for ear in listening.ears:
        if ear.kind != whisper.NAME:
            chosen[f"best by ear: {ear.kind}"] = [
                best_heard(ear, text, own).path for text, own in zip(texts, takes, strict=True)
            ]
    rows = []
    for who, paths in chosen.items():
        report = listening.judge(
            f"choices-{len(rows)}", [Spoken(path, text, clip) for path, text in zip(paths, texts, strict=True)]
        )
        figures = {key: report[key] for key in ("utterances", "wer", "cer", "dnsmos_p808")}
        rows.append({"who": who, **figures})
        print(rows[-1], flush=True)
    return rows


def best_heard(ear: Ear, text: str, takes: Sequence[Rendered]) -> Rendered:
    """The take of a text that a run would keep of those that differ by ear and rank alone."""
    hearings = ear.listener.listen([Sound(take.audio, take.sample_rate, text) for take in takes])
    scored = zip(takes, hearings, strict=True)
    return max(scored, key=lambda pair: (not misheard(pair[1]), pair[1].score, pair[0].rank))[0]


PARTS = {"ears": faults, "choices": choices}
