"""What listeners heard of takes: one hearing for each, the last. Must not know how anybody listens.

Of words, those are kept that were not simply said: what a row does not list was heard as written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from storage.hearing import Hearing, HowHeard
from storage.mapping import row_values, to_record
from storage.records import Take, Utterance
from storage.repository._queries import book_id, chunks, insert_rows
from storage.schema import ChapterRow, HearingRow, TakeRow, UtteranceRow


@dataclass(frozen=True)
class HeardUtterance:
    """An utterance of a book with its chosen take, and what was heard of that."""

    chapter_title: str
    utterance: Utterance
    take: Take
    hearing: Hearing


class Hearings:
    """The hearings of all books' takes."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def save(self, hearings: Mapping[str, Hearing]) -> None:
        """Stores what was heard of takes, by key; an earlier hearing is replaced."""
        for keys in chunks(hearings):
            self._session.execute(delete(HearingRow).where(HearingRow.take_key.in_(keys)))
        rows = []
        for key, hearing in hearings.items():
            kept = tuple(word for word in hearing.words if word.how is not HowHeard.SAID)
            rows.append(row_values(hearing, HearingRow) | {"take_key": key, "words": kept})
        insert_rows(self._session, HearingRow, rows)

    def of_book(self, source_sha256: str) -> Iterator[tuple[str, Hearing]]:
        """Yields each take of a book's texts that was heard: what it should say, and the hearing; in order of keys.

        Raises `NotFoundError`.
        """
        owner = book_id(self._session, source_sha256)
        texts = select(UtteranceRow.utterance_key, func.min(UtteranceRow.spoken).label("spoken"))
        own = texts.where(UtteranceRow.book_id == owner).group_by(UtteranceRow.utterance_key).subquery()
        query = (
            select(own.c.spoken, HearingRow)
            .join(TakeRow, TakeRow.utterance_key == own.c.utterance_key)
            .join(HearingRow, HearingRow.take_key == TakeRow.key)
            .order_by(HearingRow.take_key)
        )
        for spoken, row in self._session.execute(query):
            yield spoken, to_record(Hearing, row)

    def worst(self, source_sha256: str, count: int) -> tuple[HeardUtterance, ...]:
        """Lists the utterances whose chosen takes were heard worst, the worst first; equals in reading order.

        Raises `NotFoundError`.
        """
        query = (
            select(ChapterRow.title, UtteranceRow, TakeRow, HearingRow)
            .join(TakeRow, TakeRow.key == UtteranceRow.chosen_take_key)
            .join(HearingRow, HearingRow.take_key == TakeRow.key)
            .join(
                ChapterRow,
                (ChapterRow.book_id == UtteranceRow.book_id) & (ChapterRow.index == UtteranceRow.chapter_index),
            )
            .where(UtteranceRow.book_id == book_id(self._session, source_sha256))
            .order_by(HearingRow.score, UtteranceRow.chapter_index, UtteranceRow.index)
            .limit(count)
        )
        return tuple(
            HeardUtterance(title, to_record(Utterance, utterance), to_record(Take, take), to_record(Hearing, heard))
            for title, utterance, take, heard in self._session.execute(query)
        )
