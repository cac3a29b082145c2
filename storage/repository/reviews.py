"""Reviews: a book's utterances as people judge them, filtered and a page at a time. Reads only.

Must not know how a page looks, nor what anybody decides.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, case, exists, func, or_, select, true, tuple_
from sqlalchemy.orm import Session, aliased

from storage.mapping import to_record
from storage.records import DecisionKind, Show, Take, Utterance, Verdict
from storage.repository._queries import book_id, chunks, in_chapters
from storage.repository.decisions import is_rejected, is_settled
from storage.schema import ChapterRow, DecisionRow, TakeRow, UtteranceRow

_IN_USE = (TakeRow.key == UtteranceRow.chosen_take_key) & TakeRow.lost.is_(False)
_ESCAPE = "\\"


@dataclass(frozen=True)
class HeardUtterance:
    """An utterance as people review it."""

    chapter_title: str
    utterance: Utterance
    key: str | None  # of what is to be spoken; None: no run has asked for it yet
    take: Take | None  # in use; None: it is still to be spoken, or all of its takes are rejected
    settled: bool  # a person has approved or chosen the take
    rejected: bool  # a person has rejected a take of it
    spoken_since: bool  # the take in use was made after that


@dataclass(frozen=True)
class ReviewCounts:
    """How far people have come with a chapter. Counts are of utterances."""

    index: int
    title: str
    utterances: int
    doubtful: int  # nobody has decided about the take that the checks doubt
    rejected: int  # a take was rejected, and nobody has approved another
    settled: int
    unspoken: int  # no take is in use


class Reviews:
    """The utterances of all books. `waiting` are places (chapter and utterance, from 0) with a correction to come."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def page(
        self,
        source_sha256: str,
        show: Show,
        *,
        chapters: Collection[int] | None = None,
        words: str = "",
        waiting: Collection[tuple[int, int]] = (),
        offset: int = 0,
        limit: int = 50,
    ) -> tuple[HeardUtterance, ...]:
        """Lists some of a book's utterances in reading order; `words` are part of the text. Raises `NotFoundError`."""
        query = self._filtered(source_sha256, show, chapters, words, waiting)
        return self._heard(query.offset(offset).limit(limit))

    def at(self, source_sha256: str, place: tuple[int, int]) -> HeardUtterance | None:
        """Reads one utterance; None where there is none. Raises `NotFoundError`."""
        here = (UtteranceRow.chapter_index == place[0]) & (UtteranceRow.index == place[1])
        return next(iter(self._heard(_of_book(book_id(self._session, source_sha256)).where(here))), None)

    def _heard(self, query: Select[Any]) -> tuple[HeardUtterance, ...]:
        settled = is_settled(UtteranceRow.book_id, UtteranceRow.chosen_take_key)
        columns = (ChapterRow.title, UtteranceRow, TakeRow, settled, _has_rejected_take(), _is_spoken_since())
        ordered = query.with_only_columns(*columns).order_by(UtteranceRow.chapter_index, UtteranceRow.index)
        return tuple(
            HeardUtterance(
                title,
                to_record(Utterance, utterance),
                utterance.utterance_key,
                None if take is None else to_record(Take, take),
                bool(is_wanted),
                bool(rejected),
                bool(spoken_since),
            )
            for title, utterance, take, is_wanted, rejected, spoken_since in self._session.execute(ordered)
        )

    def count(
        self,
        source_sha256: str,
        show: Show,
        *,
        chapters: Collection[int] | None = None,
        words: str = "",
        waiting: Collection[tuple[int, int]] = (),
    ) -> int:
        """Counts what `page` lists."""
        query = self._filtered(source_sha256, show, chapters, words, waiting)
        return self._session.scalar(query.with_only_columns(func.count())) or 0

    def _filtered(
        self,
        source_sha256: str,
        show: Show,
        chapters: Collection[int] | None,
        words: str,
        waiting: Collection[tuple[int, int]],
    ) -> Select[Any]:
        shown: ColumnElement[bool] = true()
        settled = is_settled(UtteranceRow.book_id, UtteranceRow.chosen_take_key)
        if show is Show.DOUBTFUL:
            shown = (TakeRow.verdict == Verdict.DOUBTFUL) & ~settled
        elif show is Show.REJECTED:
            place = tuple_(UtteranceRow.chapter_index, UtteranceRow.index)
            shown = or_(_is_unspoken(), _has_rejected_take() & ~settled, place.in_(list(waiting)))
        if words:
            escaped = "".join(f"{_ESCAPE}{c}" if c in f"%_{_ESCAPE}" else c for c in words)
            shown = shown & UtteranceRow.text.ilike(f"%{escaped}%", escape=_ESCAPE)
        return _of_book(book_id(self._session, source_sha256)).where(
            in_chapters(UtteranceRow.chapter_index, chapters), shown
        )

    def counts(self, source_sha256: str, chapters: Collection[int] | None = None) -> tuple[ReviewCounts, ...]:
        """Counts, for each chapter that has utterances, how far people have come. Raises `NotFoundError`."""
        settled = is_settled(UtteranceRow.book_id, UtteranceRow.chosen_take_key)
        rejected = _has_rejected_take()
        query = (
            _of_book(book_id(self._session, source_sha256))
            .with_only_columns(
                ChapterRow.index,
                ChapterRow.title,
                func.count(),
                func.count(case(((TakeRow.verdict == Verdict.DOUBTFUL) & ~settled, 1))),
                func.count(case((rejected & ~settled, 1))),
                func.count(case((settled, 1))),
                func.count(case((_is_unspoken(), 1))),
            )
            .where(in_chapters(UtteranceRow.chapter_index, chapters))
            .group_by(ChapterRow.index, ChapterRow.title)
            .order_by(ChapterRow.index)
        )
        return tuple(ReviewCounts(*row) for row in self._session.execute(query))

    def find(self, source_sha256: str, places: Iterable[tuple[int, int]]) -> dict[tuple[int, int], Utterance]:
        """Reads utterances by their places; those that there are not are left out. Raises `NotFoundError`."""
        owner = book_id(self._session, source_sha256)
        place = tuple_(UtteranceRow.chapter_index, UtteranceRow.index)
        rows = self._session.scalars(select(UtteranceRow).where(UtteranceRow.book_id == owner, place.in_(list(places))))
        return {(row.chapter_index, row.index): to_record(Utterance, row) for row in rows}

    def occurrences(self, source_sha256: str, texts: Iterable[str]) -> dict[str, list[tuple[int, int]]]:
        """Looks up where each of these texts is an utterance, in reading order. Raises `NotFoundError`."""
        owner = book_id(self._session, source_sha256)
        found: dict[str, list[tuple[int, int]]] = {text: [] for text in texts}
        for chunk in chunks(found):
            query = (
                select(UtteranceRow.text, UtteranceRow.chapter_index, UtteranceRow.index)
                .where(UtteranceRow.book_id == owner, UtteranceRow.text.in_(chunk))
                .order_by(UtteranceRow.chapter_index, UtteranceRow.index)
            )
            for text, chapter, index in self._session.execute(query):
                found[text].append((chapter, index))
        return found

    def takes_in_use(self, source_sha256: str) -> tuple[tuple[int, str, str], ...]:
        """Lists chapter, text and the key of the take in use ("" for none) of every utterance, in reading order."""
        owner = book_id(self._session, source_sha256)
        query = (
            select(UtteranceRow.chapter_index, UtteranceRow.text, func.coalesce(UtteranceRow.chosen_take_key, ""))
            .where(UtteranceRow.book_id == owner)
            .order_by(UtteranceRow.chapter_index, UtteranceRow.index)
        )
        return tuple((chapter, text, key) for chapter, text, key in self._session.execute(query))


def _of_book(owner: int) -> Select[Any]:
    """Selects a book's utterances with their chapters, and their takes where they have one."""
    chapter = (ChapterRow.book_id == UtteranceRow.book_id) & (ChapterRow.index == UtteranceRow.chapter_index)
    return (
        select(UtteranceRow).join(ChapterRow, chapter).outerjoin(TakeRow, _IN_USE).where(UtteranceRow.book_id == owner)
    )


def _is_unspoken() -> ColumnElement[bool]:
    return UtteranceRow.utterance_key.is_not(None) & TakeRow.key.is_(None)


def _has_rejected_take() -> ColumnElement[bool]:
    take = aliased(TakeRow)
    rejected = is_rejected(UtteranceRow.book_id, take.key)
    return exists(
        select(take.key).where(take.utterance_key == UtteranceRow.utterance_key, rejected).correlate(UtteranceRow)
    )


def _is_spoken_since() -> ColumnElement[bool]:
    """Returns the condition that the take in use is younger than the newest rejection of a take of that text."""
    take = aliased(TakeRow)
    newest = (
        select(func.max(DecisionRow.made_at))
        .join(take, take.key == DecisionRow.take_key)
        .where(
            take.utterance_key == UtteranceRow.utterance_key,
            DecisionRow.book_id == UtteranceRow.book_id,
            DecisionRow.kind == DecisionKind.REJECT,
            DecisionRow.ended_by.is_(None),
        )
        .correlate(UtteranceRow)
        .scalar_subquery()
    )
    return TakeRow.made_at > newest
