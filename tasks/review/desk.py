"""What a person does with one book: approves, rejects and chooses takes, corrects what is said, undoes it.

Every word becomes a row, and the takes in use follow it at once; what has to be spoken anew waits for a run. Must not
know how people are asked: the page and the commands call the same functions.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from storage.database import Database
from storage.records import Decision, DecisionKind, Reach, Take, Utterance
from storage.repository import UnitOfWork
from tasks.annotate.lexicon import Scope, respelling, texts_with
from tasks.errors import BadInputError, TalepressError
from tasks.qa.verdict import best
from tasks.review.approval import digests
from tasks.review.changes import changes_of
from tasks.review.corrections import notes_of
from tasks.segment.corrected import Sayer

MOST_CHARS = 2000  # of a name, a note or a corrected text
_SCOPES = {Reach.BOOK: Scope.BOOK, Reach.ALWAYS: Scope.GLOBAL}
_NAMES = {
    DecisionKind.APPROVE: "the approval",
    DecisionKind.CHOOSE: "the choice",
    DecisionKind.REJECT: "the rejection",
    DecisionKind.CORRECT: "the correction",
    DecisionKind.NOTE: "the note",
    DecisionKind.APPROVE_CHAPTER: "the approval of a chapter",
    DecisionKind.APPROVE_BOOK: "the approval of the book",
}
_OF_MANY = (DecisionKind.APPROVE_CHAPTER, DecisionKind.APPROVE_BOOK)
Place = tuple[int, int]  # chapter and utterance, from 0


class DecidedMeanwhileError(TalepressError):
    """Somebody else has decided on the same utterance, and this person has not seen it."""


@dataclass(frozen=True)
class Corrected:
    """What a correction does: the sentence as it will be said, and where the changed words stand."""

    spoken: str
    words: tuple[tuple[str, str], ...]  # as written, and as said instead
    sentences: int  # that are said otherwise


@dataclass(frozen=True)
class Desk:
    """One person at work on one book. Places count from 0, takes from 1, as people see them.

    `seen` is the id of the newest decision that the person knows of; None: of all. What is decided at one desk has one
    time, by which it can be undone together.
    """

    database: Database
    source: str  # the book's sha256
    who: str
    sayer: Sayer
    seen: int | None = None
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def approve(self, place: Place, take: int | None = None) -> DecisionKind:
        """Wants a take to be used: the one in use if none is named. Returns whether it was approved or chosen.

        Raises `BadInputError` where there is no such utterance or take, `DecidedMeanwhileError`.
        """
        with self.database.unit_of_work() as uow:
            utterance, takes, in_use = _look_up(uow, self.source, place)
            wanted = _numbered(takes, take) if take is not None else in_use
            if wanted is None:
                raise BadInputError(f"{_shown(place)} has no take in use: choose one, or have it spoken again")
            kind = DecisionKind.APPROVE if wanted == in_use else DecisionKind.CHOOSE
            self._check_seen(uow, place, utterance, takes, wanted.key, (DecisionKind.APPROVE, DecisionKind.CHOOSE))
            self._add(uow, kind, place, utterance, take_key=wanted.key)
            _choose_anew(uow, self.source, wanted.utterance_key)
            uow.commit()
        return kind

    def reject(self, place: Place, take: int | None = None, *, every: bool = False) -> Take | None:
        """Wants a take not to be used: the one in use if none is named, or every take that there is.

        Returns the take that is in use now; None where all are rejected, so that it will be spoken again. Raises as
        `approve` does.
        """
        with self.database.unit_of_work() as uow:
            utterance, takes, in_use = _look_up(uow, self.source, place)
            unwanted = list(takes) if every else [_numbered(takes, take) if take is not None else in_use]
            for rejected in unwanted:
                if rejected is None:
                    raise BadInputError(f"{_shown(place)} has no take in use: it will be spoken again as it is")
                self._check_seen(uow, place, utterance, takes, rejected.key, (DecisionKind.REJECT,))
            for rejected in filter(None, unwanted):
                self._add(uow, DecisionKind.REJECT, place, utterance, take_key=rejected.key)
            if takes:
                _choose_anew(uow, self.source, takes[0].utterance_key)
            _, _, in_use = _look_up(uow, self.source, place)
            uow.commit()
        return in_use

    def correct(self, place: Place, wanted: str, reach: Reach) -> Corrected:
        """Wants a sentence said in other words; beyond its place, every word that was changed in it.

        The text as the book has it ends a correction of its place. Raises `BadInputError` for words that cannot be
        spoken, for a sentence that is too long, and where nothing is changed; `DecidedMeanwhileError`.
        """
        wanted = _tidy(wanted)
        with self.database.unit_of_work() as uow:
            utterance, takes, _ = _look_up(uow, self.source, place)
            changes = changes_of(utterance.text, wanted)
            self._check_seen(uow, place, utterance, takes, wanted, (DecisionKind.CORRECT,))
            if not changes:
                return self._uncorrect(uow, place, utterance)
            block = uow.books.block(self.source, utterance.chapter_index, utterance.block_index)
            spoken = self.sayer.say(block, utterance, notes_of(utterance, wanted))
            words = tuple((" ".join(change.written.split()), change.said) for change in changes)
            sentences = 1
            if reach is Reach.PLACE:
                self._add(uow, DecisionKind.CORRECT, place, utterance, value=wanted)
            else:
                entries = [respelling(written, said, _SCOPES[reach], f"{written!r}") for written, said in words]
                texts = [text for _, text, _ in uow.reviews.takes_in_use(self.source)]
                sentences = sum(len(texts_with([entry], texts)) for entry in entries)
                for written, said in words:
                    self._add(uow, DecisionKind.CORRECT, place, utterance, reach=reach, written=written, value=said)
            uow.commit()
        return Corrected(spoken, words, sentences)

    def _uncorrect(self, uow: UnitOfWork, place: Place, utterance: Utterance) -> Corrected:
        occurrence = self._occurrence(uow, place, utterance)
        found = [
            word.id
            for word in uow.decisions.holding(self.source, [DecisionKind.CORRECT])
            if word.reach is Reach.PLACE and (word.text, word.occurrence) == (utterance.text, occurrence)
        ]
        if not found:
            raise BadInputError("nothing is changed: write how the sentence should be said")
        uow.decisions.withdraw(self.source, found, self.who)
        uow.commit()
        return Corrected(utterance.spoken, (), 1)

    def note(self, place: Place, text: str) -> None:
        """Keeps a remark on an utterance. Raises `BadInputError` for an empty one."""
        text = _tidy(text)
        if not text:
            raise BadInputError("the note is empty: write something")
        with self.database.unit_of_work() as uow:
            utterance, _, _ = _look_up(uow, self.source, place)
            self._add(uow, DecisionKind.NOTE, place, utterance, value=text)
            uow.commit()

    def approve_chapter(self, chapter: int) -> None:
        """Approves a chapter with the takes that are in use now.

        Raises `BadInputError` where there is no such chapter, or something of it is still to be spoken;
        `DecidedMeanwhileError`.
        """
        self._approve_all(DecisionKind.APPROVE_CHAPTER, chapter)

    def approve_book(self) -> None:
        """Approves the whole book with the takes that are in use now. Raises as `approve_chapter` does."""
        self._approve_all(DecisionKind.APPROVE_BOOK, None)

    def _approve_all(self, kind: DecisionKind, chapter: int | None) -> None:
        with self.database.unit_of_work() as uow:
            titles = {count.index: count for count in uow.reviews.counts(self.source)}
            if chapter is not None and chapter not in titles:
                raise BadInputError(f"there is no chapter {chapter + 1}: the book has {len(titles)}")
            counts = [titles[chapter]] if chapter is not None else list(titles.values())
            self._check_seen_of_many(uow, {count.title for count in counts})
            if unspoken := sum(count.unspoken for count in counts):
                raise BadInputError(f"sentences still to be spoken: {unspoken}; speak them, and hear them first")
            rows = uow.reviews.takes_in_use(self.source)
            texts, takes = digests([row for row in rows if chapter in (None, row[0])])
            title = counts[0].title if chapter is not None else ""
            word = Decision(kind, self.who, self.now, title, texts, take_key=takes)
            uow.decisions.add(self.source, word)
            uow.commit()

    def _check_seen_of_many(self, uow: UnitOfWork, chapters: Collection[str]) -> None:
        """Raises `DecidedMeanwhileError` where somebody has changed what these chapters sound like, by their titles."""
        if self.seen is None:
            return
        for word in uow.decisions.history(self.source):
            about_them = word.chapter in chapters or word.reach is not Reach.PLACE
            if word.id > self.seen and about_them and word.kind is not DecisionKind.NOTE:
                raise DecidedMeanwhileError(
                    f"{word.who} has decided on a sentence of it since you opened the page ({word.kind.value}): look "
                    "again, then approve"
                )

    def undo(self) -> str:
        """Undoes what this person decided last in the book, and names it.

        Raises `BadInputError` where there is nothing to undo.
        """
        with self.database.snapshot() as uow:
            last = uow.decisions.last_of(self.source, self.who)
        if not last:
            raise BadInputError(f"{self.who} has decided nothing in this book that could be undone")
        self.withdraw([word.id for word in last])
        about = f" of “{last[-1].text[:60]}”" if last[-1].kind not in _OF_MANY else ""
        return f"{_NAMES[last[-1].kind]}{about}"

    def withdraw(self, ids: Sequence[int]) -> None:
        """Undoes decisions. Raises `NotFoundError` for one that the book does not have."""
        with self.database.unit_of_work() as uow:
            ended = [word for word in uow.decisions.history(self.source) if word.id in ids]
            uow.decisions.withdraw(self.source, ids, self.who)
            for key in uow.takes.utterance_keys(word.take_key for word in ended):
                _choose_anew(uow, self.source, key)
            uow.commit()

    def _occurrence(self, uow: UnitOfWork, place: Place, utterance: Utterance) -> int:
        return uow.reviews.occurrences(self.source, [utterance.text])[utterance.text].index(place)

    def _add(
        self,
        uow: UnitOfWork,
        kind: DecisionKind,
        place: Place,
        utterance: Utterance,
        *,
        take_key: str = "",
        reach: Reach = Reach.PLACE,
        written: str = "",
        value: str = "",
    ) -> None:
        title = next(count.title for count in uow.reviews.counts(self.source, [place[0]]))
        occurrence = self._occurrence(uow, place, utterance)
        word = Decision(kind, self.who, self.now, title, utterance.text, occurrence, take_key, reach, written, value)
        uow.decisions.add(self.source, word)

    def _check_seen(
        self,
        uow: UnitOfWork,
        place: Place,
        utterance: Utterance,
        takes: Sequence[Take],
        subject: str,
        same: tuple[DecisionKind, ...],
    ) -> None:
        """Raises `DecidedMeanwhileError` where somebody has decided otherwise since the person looked.

        Args:
            uow: the transaction in which the decision will be stored.
            place: of the utterance.
            utterance: what is decided about.
            takes: those of the utterance.
            subject: the take's key, or the corrected text.
            same: the kinds that say the same of the subject: no conflict.
        """
        if self.seen is None:
            return
        words = list(uow.decisions.about(self.source, [take.key for take in takes]))
        occurrence = self._occurrence(uow, place, utterance)
        words += [
            word
            for word in uow.decisions.holding(self.source, [DecisionKind.CORRECT])
            if (word.text, word.occurrence) == (utterance.text, occurrence)
        ]
        for word in words:
            agrees = word.kind in same and subject in (word.take_key, word.value)
            if word.id > self.seen and not agrees:
                raise DecidedMeanwhileError(
                    f"{word.who} has decided on this sentence since you opened the page ({word.kind.value}): "
                    "look again, then decide"
                )


def find_take(uow: UnitOfWork, source: str, place: Place, number: int | None) -> Take:
    """Finds a take of an utterance by its number, or the one in use. Raises `BadInputError` where there is none."""
    _, takes, in_use = _look_up(uow, source, place)
    if number is None and in_use is not None:
        return in_use
    return _numbered(takes, number or 1)


def place_of(text: str) -> Place:
    """Reads "20:18". Raises `BadInputError`."""
    chapter, _, utterance = text.partition(":")
    if not (chapter.isdecimal() and utterance.isdecimal() and len(text) < 16):
        raise BadInputError(f"{text[:40]!r} is no place: write chapter and sentence, such as 20:18")
    return int(chapter) - 1, int(utterance) - 1


def _look_up(uow: UnitOfWork, source: str, place: Place) -> tuple[Utterance, tuple[Take, ...], Take | None]:
    """Reads an utterance, its takes in order, and the one in use. Raises `BadInputError` where there is none."""
    heard = uow.reviews.at(source, place)
    if heard is None:
        raise BadInputError(f"{_shown(place)}: the book has no such sentence; `talepress review list` shows them")
    takes = uow.takes.of([heard.key]).get(heard.key, ()) if heard.key else ()
    return heard.utterance, takes, heard.take


def _choose_anew(uow: UnitOfWork, source: str, key: str) -> None:
    """Has a text use the take that people want, else the best of those that nobody has rejected, else none."""
    rejected = uow.takes.rejected(source)
    left = [take for take in uow.takes.of([key]).get(key, ()) if take.key not in rejected]
    if left:
        uow.takes.choose(source, {key: best(left).key})
    uow.takes.choose_decided(source, [key])


def _numbered(takes: Sequence[Take], number: int) -> Take:
    """Finds the take of that number. Raises `BadInputError`."""
    for take in takes:
        if take.attempt + 1 == number:
            return take
    known = ", ".join(str(take.attempt + 1) for take in takes)
    raise BadInputError(f"there is no take {number}: " + (f"there are {known}" if known else "nothing is spoken yet"))


def _shown(place: Place) -> str:
    return f"{place[0] + 1}:{place[1] + 1}"


def _tidy(text: str) -> str:
    """Puts a person's text into one line. Raises `BadInputError` for one that is far too long."""
    tidy = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    if len(tidy) > MOST_CHARS:
        raise BadInputError(f"the text has {len(tidy)} characters: write at most {MOST_CHARS}")
    return tidy
