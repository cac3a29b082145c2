"""When the words of takes are spoken, as whoever listened has said. Must not know how anybody listens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.records import WordTime
from storage.repository._queries import chunks, insert_unless_present
from storage.schema import WordTimesRow


class WordTimes:
    """The words of takes with their times, by take and by what timed them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def of(self, takes: Iterable[str], timer: str) -> dict[str, tuple[WordTime, ...]]:
        """Reads the words of takes by their keys, of those that `timer` has timed."""
        found: dict[str, tuple[WordTime, ...]] = {}
        for keys in chunks(takes):
            query = select(WordTimesRow).where(WordTimesRow.take_key.in_(keys), WordTimesRow.timer == timer)
            found |= {row.take_key: row.words for row in self._session.scalars(query)}
        return found

    def timed(self, takes: Iterable[str], timer: str) -> set[str]:
        """Finds the keys of those takes that `timer` has timed."""
        found: set[str] = set()
        for keys in chunks(takes):
            query = select(WordTimesRow.take_key)
            found |= set(
                self._session.scalars(query.where(WordTimesRow.take_key.in_(keys), WordTimesRow.timer == timer))
            )
        return found

    def save(self, timer: str, words: Mapping[str, tuple[WordTime, ...]]) -> None:
        """Stores the words of takes, by key; what is there already stays."""
        rows = [{"take_key": key, "timer": timer, "words": own} for key, own in words.items()]
        insert_unless_present(self._session, WordTimesRow, rows)
