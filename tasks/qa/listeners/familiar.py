"""The words of a book that its listener always hears in the same other way: names, most of them. They are no faults.

It learns from hearings alone. Must not know where these are kept, nor how takes are chosen.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from nltk.metrics.distance import edit_distance

from storage.hearing import HeardWord, Hearing, HowHeard
from storage.records import Take, Verdict
from tasks.align.sources import source_words
from tasks.qa.listeners.reasons import misheard, reasons_of
from tasks.qa.verdict import DOUBT, HEARD, HEARD_SEVERITY

ENOUGH = 3  # takes in which a word was heard
ALIKE = 0.34  # share of letters in which two hearings of a word may differ


class Familiar:
    """Knows how often each word of a book was heard, and as what else."""

    def __init__(self, hearings: Iterable[tuple[str, Hearing]] = ()) -> None:
        """Args: `hearings`: what takes should say, and what was heard of them."""
        self._times: dict[str, int] = defaultdict(int)
        self._others: dict[str, list[str]] = defaultdict(list)
        for spoken, hearing in hearings:
            self.note(spoken, hearing)

    def note(self, spoken: str, hearing: Hearing) -> None:
        """Learns from one more take. Words that the hearing does not list were heard as written."""
        for start, end in source_words(spoken):
            self._times[_letters(spoken[start:end])] += 1
        for word in misheard(hearing):
            if word.how is HowHeard.DOUBTFUL and word.heard:
                self._others[_letters(spoken[word.start : word.end])].append(word.heard)

    def knows(self, spoken: str, word: HeardWord) -> bool:
        """Tells whether a word is never heard otherwise than like this, in takes enough to believe it."""
        if word.how is not HowHeard.DOUBTFUL or not word.heard:
            return False
        text = _letters(spoken[word.start : word.end])
        others = self._others[text]
        return len(others) >= max(ENOUGH, self._times[text]) and all(_alike(word.heard, other) for other in others)

    def acquit(self, take: Take, spoken: str, hearing: Hearing) -> Take:
        """Returns a take without the doubts on words that are familiar."""
        found = misheard(hearing)
        known = [word for word in found if self.knows(spoken, word)]
        if not known:
            return take
        said = reasons_of(found, spoken)
        reasons = tuple(reason for reason in take.reasons if reason not in said)
        reasons += reasons_of([word for word in found if word not in known], spoken)
        scores = dict(take.scores)
        scores[HEARD] = min(1.0, scores[HEARD] + sum(word.doubt for word in known) / max(1, len(source_words(spoken))))
        if len(known) == len(found):
            scores[DOUBT] -= HEARD_SEVERITY
        return replace(take, reasons=reasons, scores=scores, verdict=Verdict.DOUBTFUL if reasons else Verdict.OK)


def _letters(text: str) -> str:
    return "".join(character for character in text.lower() if character.isalnum())


def _alike(first: str, second: str) -> bool:
    return edit_distance(first, second) <= ALIKE * max(len(first), len(second))
