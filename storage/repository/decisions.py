"""Decisions: what people said of takes, texts, chapters and books, and which of it holds.

Rows are added, never changed but for the note which later one ended them. Must not know how anybody decides, nor what
follows for a script.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from storage.errors import NotFoundError
from storage.mapping import row_values, to_record
from storage.records import Decision, DecisionKind, Reach
from storage.repository._queries import book_id, chunks
from storage.schema import DecisionRow, TakeRow, UtteranceRow

SETTLING = (DecisionKind.APPROVE, DecisionKind.CHOOSE)
_OF_TAKES = (*SETTLING, DecisionKind.REJECT)
_HOLDS = DecisionRow.ended_by.is_(None)


def is_rejected(owner: Any, take_key: Any) -> ColumnElement[bool]:
    """Returns the condition that a take is rejected in a book; both are columns of the query around it."""
    return _decided(owner, take_key, (DecisionKind.REJECT,))


def is_settled(owner: Any, take_key: Any) -> ColumnElement[bool]:
    """Returns the condition that a person wants a take in a book; both are columns of the query around it."""
    return _decided(owner, take_key, SETTLING)


def _decided(owner: Any, take_key: Any, kinds: Iterable[DecisionKind]) -> ColumnElement[bool]:
    row = aliased(DecisionRow)
    found = (row.book_id == owner) & (row.take_key == take_key) & row.kind.in_(tuple(kinds)) & row.ended_by.is_(None)
    return exists(select(row.id).where(found).correlate_except(row))


class Decisions:
    """The decisions about all books."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, source_sha256: str, decision: Decision) -> int:
        """Stores a decision and ends those that it replaces. Returns its id. Raises `NotFoundError`.

        One about a take replaces those about the same take, and where it wants the take, those that want another take
        of the same text. A correction replaces one of the same reach and words; an approval of a chapter or book one of
        the same texts. The others replace nothing.
        """
        owner = book_id(self._session, source_sha256)
        values = row_values(decision, DecisionRow, book_id=owner)
        del values["id"]
        row = DecisionRow(**values)
        self._session.add(row)
        self._session.flush()
        replaced = _replaced_by(decision, owner)
        if replaced is not None:
            self._end(replaced & (DecisionRow.id != row.id), row.id)
        return row.id

    def withdraw(self, source_sha256: str, ids: Iterable[int], who: str) -> None:
        """Ends decisions of a book by their ids, or corrections for every book; what they replaced holds again.

        Raises `NotFoundError` for one that the book does not have.
        """
        owner = book_id(self._session, source_sha256)
        for number in ids:
            row = self._session.get(DecisionRow, number)
            if row is None or (row.book_id != owner and row.reach is not Reach.ALWAYS):
                raise NotFoundError(f"the book has no decision {number}: `talepress review list` shows them")
            if row.ended_by is None:
                word = Decision(DecisionKind.WITHDRAW, who, datetime.now(UTC), row.chapter, row.text, value=str(number))
                self._session.execute(
                    update(DecisionRow)
                    .where(DecisionRow.ended_by == number)  # perhaps a correction that was made in another book
                    .values(ended_by=None)
                    .execution_options(synchronize_session="fetch")
                )
                row.ended_by = self.add(source_sha256, word)
        self._session.flush()

    def _end(self, which: ColumnElement[bool], by: int) -> None:
        statement = update(DecisionRow).where(which, _HOLDS).values(ended_by=by)
        self._session.execute(statement.execution_options(synchronize_session="fetch"))

    def holding(
        self, source_sha256: str, kinds: Collection[DecisionKind] = tuple(DecisionKind)
    ) -> tuple[Decision, ...]:
        """Lists what holds for a book, in order of ids: its own, and corrections of any book that reach always."""
        query = _of_book(book_id(self._session, source_sha256)).where(_HOLDS)
        return self._read(query.where(DecisionRow.kind.in_(tuple(kinds))))

    def always(self) -> tuple[Decision, ...]:
        """Lists the corrections that hold for every book, in order of ids."""
        return self._read(select(DecisionRow).where(DecisionRow.reach == Reach.ALWAYS, _HOLDS))

    def history(self, source_sha256: str) -> tuple[Decision, ...]:
        """Lists all that was ever decided of a book, in order of ids, ended or not."""
        return self._read(select(DecisionRow).where(DecisionRow.book_id == book_id(self._session, source_sha256)))

    def last_of(self, source_sha256: str, who: str) -> tuple[Decision, ...]:
        """Lists what a person decided last in a book, at one time, and what of it holds; empty for nothing."""
        own = select(DecisionRow).where(
            DecisionRow.book_id == book_id(self._session, source_sha256),
            DecisionRow.who == who,
            DecisionRow.kind != DecisionKind.WITHDRAW,
            _HOLDS,
        )
        latest = own.with_only_columns(DecisionRow.made_at).order_by(DecisionRow.id.desc()).limit(1).scalar_subquery()
        return self._read(own.where(DecisionRow.made_at == latest))

    def about(self, source_sha256: str, take_keys: Iterable[str]) -> tuple[Decision, ...]:
        """Lists what holds in a book about these takes, in order of ids."""
        owner = book_id(self._session, source_sha256)
        found: list[Decision] = []
        for chunk in chunks(take_keys):
            query = select(DecisionRow).where(DecisionRow.book_id == owner, DecisionRow.take_key.in_(chunk), _HOLDS)
            found += self._read(query.where(DecisionRow.kind.in_(_OF_TAKES)))
        return tuple(sorted(found, key=lambda decision: decision.id))

    def newest(self, source_sha256: str | None) -> int:
        """The id of the newest decision that a script of the book could heed; 0 where there is none.

        One of another book counts where it has ended a correction for every book. None: of a book that is not stored.
        """
        everywhere = select(DecisionRow).where(DecisionRow.reach == Reach.ALWAYS)
        query = everywhere if source_sha256 is None else _of_book(book_id(self._session, source_sha256))
        columns = (func.max(DecisionRow.id), func.max(DecisionRow.ended_by))
        return max(number or 0 for number in self._session.execute(query.with_only_columns(*columns)).one())

    def corrections_after(self, source_sha256: str, heeded: int) -> tuple[Decision, ...]:
        """Lists the corrections that were made or ended after that id: what a script that heeds no more lacks."""
        made = (DecisionRow.id > heeded) & _HOLDS
        ended = (DecisionRow.id <= heeded) & (DecisionRow.ended_by > heeded)
        query = _of_book(book_id(self._session, source_sha256))
        return self._read(query.where(DecisionRow.kind == DecisionKind.CORRECT, made | ended))

    def _read(self, query: Select[tuple[DecisionRow]]) -> tuple[Decision, ...]:
        rows = self._session.scalars(query.order_by(DecisionRow.id))
        return tuple(to_record(Decision, row) for row in rows)


def _of_book(owner: int) -> Select[tuple[DecisionRow]]:
    return select(DecisionRow).where(or_(DecisionRow.book_id == owner, DecisionRow.reach == Reach.ALWAYS))


def _replaced_by(decision: Decision, owner: int) -> ColumnElement[bool] | None:
    """Returns the condition of the decisions that a new one replaces; None where it replaces none."""
    of_book = DecisionRow.book_id == owner
    same_kind = DecisionRow.kind == decision.kind
    if decision.kind in _OF_TAKES:
        replaced = (DecisionRow.take_key == decision.take_key) & DecisionRow.kind.in_(_OF_TAKES)
        if decision.kind in SETTLING:
            text_key = select(TakeRow.utterance_key).where(TakeRow.key == decision.take_key).scalar_subquery()
            others = DecisionRow.take_key.in_(select(TakeRow.key).where(TakeRow.utterance_key == text_key))
            replaced = replaced | (others & DecisionRow.kind.in_(SETTLING))
        return of_book & replaced
    if decision.kind is DecisionKind.CORRECT:
        same = same_kind & (DecisionRow.reach == decision.reach)
        if decision.reach is Reach.PLACE:
            return (
                of_book & same & (DecisionRow.text == decision.text) & (DecisionRow.occurrence == decision.occurrence)
            )
        words = same & (DecisionRow.written == decision.written)
        return words if decision.reach is Reach.ALWAYS else of_book & words
    if decision.kind in (DecisionKind.APPROVE_CHAPTER, DecisionKind.APPROVE_BOOK):
        return of_book & same_kind & (DecisionRow.text == decision.text)
    return None


def wanted_take(utterance: type[UtteranceRow]) -> Select[tuple[str]]:
    """Returns the query of the take that a person wants for an utterance of the query around it."""
    row = aliased(DecisionRow)
    take = aliased(TakeRow)
    return (
        select(take.key)
        .join(row, row.take_key == take.key)
        .where(
            take.utterance_key == utterance.utterance_key,
            take.lost.is_(False),
            row.book_id == utterance.book_id,
            row.kind.in_(SETTLING),
            row.ended_by.is_(None),
        )
        .order_by(row.id.desc())
        .limit(1)
        .correlate(utterance)
    )
