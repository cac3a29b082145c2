"""Reads what people need in order to decide: sentences with their takes, chapters, and what waits. Reads only.

The page and the commands show the same. Must not know how it is shown, nor what anybody decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from storage.records import Decision, DecisionKind, Reach, Run, Show, Take, Verdict
from storage.repository import UnitOfWork
from storage.repository.reviews import HeardUtterance, ReviewCounts
from tasks.annotate.lexicon import Entry, texts_with
from tasks.review.approval import approved_of
from tasks.review.corrections import Corrections
from tasks.review.doubts import in_words
from tortoise_core.text.notation import respelled

Place = tuple[int, int]  # chapter and utterance, from 0


class Standing(StrEnum):
    """How an utterance stands, in words for people."""

    UNSPOKEN = "to be spoken"
    NEW = "spoken again: hear it"
    OTHER = "another was rejected: hear this take"
    APPROVED = "approved"
    DOUBTFUL = "doubtful"
    PASSED = "passed the checks"


@dataclass(frozen=True)
class TakeToHear:
    """A take with what the checks and people say of it."""

    number: int  # from 1
    key: str
    seconds: float
    in_use: bool
    doubts: tuple[str, ...]  # in plain words
    reasons: tuple[str, ...]  # as the checks put them
    word: str  # what a person says of it: "approved by Ann"; "" for nothing


@dataclass(frozen=True)
class Sentence:
    """An utterance, as it is shown. `before` and `after` are its neighbours in the chapter, or empty."""

    place: Place
    chapter: str
    text: str
    spoken: str  # the words that the voice gets, phonemes as people would spell them
    before: str
    after: str
    standing: Standing
    takes: tuple[TakeToHear, ...]
    wanted: str  # the text as a person corrected it for this place; else as the book has it
    is_corrected: bool
    notes: tuple[Decision, ...]

    @property
    def number(self) -> str:
        """Chapter and utterance from 1, as people name them: "20:18"."""
        return f"{self.place[0] + 1}:{self.place[1] + 1}"


@dataclass(frozen=True)
class Waiting:
    """What the next speaking will do."""

    corrections: tuple[Decision, ...]  # made or undone since the last script was written
    places: frozenset[Place]  # of the corrections of one place
    words: tuple[Entry, ...]  # of the others
    heeded: int  # the id of the newest decision that the script heeds


@dataclass(frozen=True)
class BookToHear:
    """How people have come with a book. `run` is its latest."""

    chapters: tuple[ReviewCounts, ...]
    approved: frozenset[int]  # chapters, from 0
    waiting: Waiting
    corrections: tuple[Decision, ...]  # that hold, those of one place last
    newest: int  # the id of the newest decision
    run: Run | None

    def total(self, name: str) -> int:
        """Adds up a count of all chapters by its field's name."""
        return sum(getattr(chapter, name) for chapter in self.chapters)

    @property
    def to_speak(self) -> int:
        """How many sentences or corrections wait to be spoken."""
        return self.total("unspoken") + len(self.waiting.corrections)

    @property
    def is_in_work(self) -> bool:
        """Whether a run is under way: what waits to be spoken is its business then."""
        return self.run is not None and self.run.is_under_way

    @property
    def is_approved(self) -> bool:
        """Whether people have approved every chapter."""
        return len(self.approved) == len(self.chapters)


def read_waiting(uow: UnitOfWork, source: str) -> Waiting:
    """Reads which corrections the script of a book does not heed yet. Raises `NotFoundError`."""
    runs = uow.runs.of(source)
    heeded = max((run.heeded for run in runs), default=0)
    corrections = uow.decisions.corrections_after(source, heeded)
    words = tuple(entry for lexicon in Corrections(corrections).lexicons for entry in lexicon.entries)
    return Waiting(corrections, frozenset(_places(uow, source, corrections).values()), words, heeded)


def read_book(uow: UnitOfWork, source: str) -> BookToHear:
    """Reads how people have come with a book. Raises `NotFoundError`."""
    approvals = uow.decisions.holding(source, (DecisionKind.APPROVE_CHAPTER, DecisionKind.APPROVE_BOOK))
    in_use = uow.reviews.takes_in_use(source) if approvals else ()
    corrections = uow.decisions.holding(source, [DecisionKind.CORRECT])
    runs = uow.runs.of(source)
    return BookToHear(
        chapters=uow.reviews.counts(source),
        approved=approved_of(in_use, approvals),
        waiting=read_waiting(uow, source),
        corrections=tuple(sorted(corrections, key=lambda word: word.reach is Reach.PLACE)),
        newest=uow.decisions.newest(source),
        run=runs[0] if runs else None,
    )


def read_sentences(
    uow: UnitOfWork,
    source: str,
    show: Show,
    waiting: Waiting,
    *,
    chapter: int | None = None,
    words: str = "",
    offset: int = 0,
    limit: int = 25,
) -> tuple[Sentence, ...]:
    """Reads sentences with their takes, see `Reviews.page`."""
    chapters = None if chapter is None else [chapter]
    heard = uow.reviews.page(
        source, show, chapters=chapters, words=words, waiting=waiting.places, offset=offset, limit=limit
    )
    return _sentences(uow, source, heard, waiting)


def read_sentence(uow: UnitOfWork, source: str, place: Place, waiting: Waiting) -> Sentence | None:
    """Reads one sentence; None where there is none."""
    heard = uow.reviews.at(source, place)
    return _sentences(uow, source, [heard], waiting)[0] if heard else None


def _sentences(uow: UnitOfWork, source: str, heard: Sequence[HeardUtterance], waiting: Waiting) -> tuple[Sentence, ...]:
    if not heard:
        return ()
    takes = uow.takes.of(item.key for item in heard if item.key)
    of_takes = {
        word.take_key: word for word in uow.decisions.about(source, [t.key for ts in takes.values() for t in ts])
    }
    texts = {item.utterance.text for item in heard}
    said_otherwise = set(texts_with(waiting.words, texts))
    about_texts = [
        word
        for word in uow.decisions.holding(source, (DecisionKind.NOTE, DecisionKind.CORRECT))
        if word.text in texts and word.reach is Reach.PLACE
    ]
    places = _places(uow, source, about_texts)
    around = {(c, u + step) for c, u in map(_place, heard) for step in (-1, 1)}
    neighbours = {place: found.text for place, found in uow.reviews.find(source, around).items()}
    sentences = []
    for item in heard:
        place = _place(item)
        words = [word for word in about_texts if places.get(word.id) == place]
        wanted = [word.value for word in words if word.kind is DecisionKind.CORRECT]
        sentences.append(
            Sentence(
                place=place,
                chapter=item.chapter_title,
                text=item.utterance.text,
                spoken=respelled(item.utterance.spoken),
                before=neighbours.get((place[0], place[1] - 1), ""),
                after=neighbours.get((place[0], place[1] + 1), ""),
                standing=_standing(item, place in waiting.places or item.utterance.text in said_otherwise),
                takes=tuple(_take(take, item, of_takes.get(take.key)) for take in takes.get(item.key or "", ())),
                wanted=wanted[-1] if wanted else item.utterance.text,
                is_corrected=bool(wanted),
                notes=tuple(word for word in words if word.kind is DecisionKind.NOTE),
            )
        )
    return tuple(sentences)


def _places(uow: UnitOfWork, source: str, decisions: Sequence[Decision]) -> dict[int, Place]:
    """Finds where decisions about one place are now, by their ids. One whose sentence is gone is nowhere."""
    of_place = [word for word in decisions if word.text and word.reach is Reach.PLACE]
    occurrences = uow.reviews.occurrences(source, {word.text for word in of_place}) if of_place else {}
    return {
        word.id: occurrences[word.text][word.occurrence]
        for word in of_place
        if word.occurrence < len(occurrences[word.text])
    }


def _place(item: HeardUtterance) -> Place:
    return item.utterance.chapter_index, item.utterance.index


def _standing(item: HeardUtterance, is_waiting: bool) -> Standing:
    if item.take is None or is_waiting:
        return Standing.UNSPOKEN
    if item.settled:
        return Standing.APPROVED
    if item.rejected:
        return Standing.NEW if item.spoken_since else Standing.OTHER
    return Standing.DOUBTFUL if item.take.verdict is Verdict.DOUBTFUL else Standing.PASSED


def _take(take: Take, item: HeardUtterance, word: Decision | None) -> TakeToHear:
    said = {DecisionKind.REJECT: "rejected"}.get(word.kind, "approved") if word else ""
    return TakeToHear(
        number=take.attempt + 1,
        key=take.key,
        seconds=take.seconds,
        in_use=item.take is not None and item.take.key == take.key,
        doubts=in_words(take.reasons),
        reasons=take.reasons,
        word=f"{said} by {word.who}" if word else "",
    )
