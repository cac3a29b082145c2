"""What `make quality PARTS=ears` speaks: sentences to set thresholds on, to test them on, and to choose takes of.

`python -m tests.quality.ears.material --sentences TEXT --books FOLDER` renders all of it, which takes an hour.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from flows.services import Services
from tests.quality.ears.rendering import Rendered, Studio, Wanted
from tests.quality.ears.sentences import Sentence, chosen, utterances

VOICES = ("joe", "slt", "rms", "awb")
BEST_VOICE = "joe"
FITTED_BOOKS = ("arthur-conan-doyle_the-adventures-of-sherlock-holmes", "robert-louis-stevenson_treasure-island")
TESTED_BOOKS = ("h-g-wells_the-time-machine", "l-frank-baum_the-wonderful-wizard-of-oz")
CHOSEN_BOOKS = (*TESTED_BOOKS, "idpf/childrens-literature")  # of which training never saw anything
OF_A_BOOK = 52  # sentences
TO_CHOOSE = 80  # sentences of a book
TAKES = 4  # of each of these


@dataclass(frozen=True)
class Case:
    """A sentence and who reads it."""

    sentence: Sentence
    voice: str
    is_fitted: bool  # thresholds are set on it; else they are tested on it


class Material:
    """The sentences, in an order that never changes."""

    def __init__(self, services: Services, books: Path, trained: Path) -> None:
        self._front_end = services.front_end
        self._books = books
        self._trained = trained

    @cached_property
    def cases(self) -> list[Case]:
        """The sentences on which thresholds are set and tested, the voices in turn."""
        found: list[Case] = []
        for seed, name in enumerate((*FITTED_BOOKS, *TESTED_BOOKS)):
            book = self._books / f"{name}.epub"
            own = chosen(book, self._texts(name), OF_A_BOOK, seed)
            found += [Case(s, VOICES[n % len(VOICES)], name in FITTED_BOOKS) for n, s in enumerate(own)]
        return found

    @cached_property
    def to_choose(self) -> list[str]:
        """Sentences that no threshold was set on, of books that training never saw; of the books in turn."""
        taken = {case.sentence.spoken for case in self.cases}
        found: list[list[str]] = []
        for seed, name in enumerate(CHOSEN_BOOKS):
            own = [text for text in self._texts(name) if text not in taken]
            random.Random(seed).shuffle(own)
            found.append(own[:TO_CHOOSE])
        return [text for texts in zip(*found, strict=True) for text in texts]

    def _texts(self, name: str) -> list[str]:
        return utterances(self._books / f"{name}.epub", self._front_end, self._trained)


def takes_to_choose(texts: Sequence[str], studio: Studio) -> list[list[Rendered]]:
    """Renders `TAKES` takes of each text by the best voice."""
    flat = studio.render([Wanted(BEST_VOICE, text, attempt) for text in texts for attempt in range(TAKES)])
    return [flat[first : first + TAKES] for first in range(0, len(flat), TAKES)]
