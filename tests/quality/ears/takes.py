"""The takes whose faults are known: as rendered, with another text, cut up. Must not know who will listen."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tasks.align.words import WordTimer
from tasks.qa.listeners.listener import Sound
from tests.quality.ears.faults import FAULTS, Take
from tests.quality.ears.material import Case
from tests.quality.ears.rendering import Rendered, Studio, Wanted
from tests.quality.ears.sentences import Sentence

NATURAL = "as rendered"


@dataclass(frozen=True, eq=False)
class Known:
    """A take, its kind, and what is wrong: characters of its text; none where it says too much, or nothing is."""

    case: Case
    kind: str
    sound: Sound
    spans: tuple[tuple[int, int], ...]

    @property
    def is_faulty(self) -> bool:
        """Whether somebody planted a fault."""
        return self.kind != NATURAL


def known_takes(cases: Sequence[Case], studio: Studio, timer: WordTimer) -> Iterator[Known]:
    """Makes every take of the cases. Those whose words cannot be timed are not cut up."""
    plain = studio.render([Wanted(case.voice, case.sentence.spoken) for case in cases])
    altered = studio.render([Wanted(case.voice, case.sentence.altered) for case in cases])
    timed = [_timed(case, take, timer) for case, take in zip(cases, plain, strict=True)]
    for n, (case, take, other) in enumerate(zip(cases, plain, altered, strict=True)):
        yield _known(case, NATURAL, take.audio, take, ())
        yield _known(case, f"another {case.sentence.kind}", other.audio, other, (_place(case.sentence),))
        own = timed[n]
        beside = timed[_neighbour(cases, timed, n)]
        if own is not None and beside is not None:
            for fault in FAULTS:
                planted = fault(own, beside, random.Random(f"{case.sentence.spoken} {fault.__name__}"))
                yield _known(case, planted.kind, planted.audio, take, planted.spans)


def _known(case: Case, kind: str, audio: np.ndarray, take: Rendered, spans: tuple[tuple[int, int], ...]) -> Known:
    return Known(case, kind, Sound(audio, take.sample_rate, case.sentence.spoken), spans)


def _place(sentence: Sentence) -> tuple[int, int]:
    return sentence.start, sentence.end


def _timed(case: Case, take: Rendered, timer: WordTimer) -> Take | None:
    words = timer.times(take.audio, take.sample_rate, case.sentence.spoken)
    if len(words) < 3 or any(word.is_estimated for word in words):
        return None
    return Take(take.audio, take.sample_rate, case.sentence.spoken, words)


def _neighbour(cases: Sequence[Case], timed: Sequence[Take | None], n: int) -> int:
    """The next case of the same voice and half whose words are timed; itself where there is no other."""
    order = [*range(n + 1, len(cases)), *range(n)]
    same = (m for m in order if (cases[m].voice, cases[m].is_fitted) == (cases[n].voice, cases[n].is_fitted))
    return next((m for m in same if timed[m] is not None), n)
