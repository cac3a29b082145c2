"""Books that were dropped into the inbox. Must not know where the files lie, nor what becomes of them."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.dropped import InboxItem, InboxState
from storage.mapping import row_values, to_record
from storage.schema import InboxRow

_ENDED = (InboxState.DELIVERED, InboxState.FAILED)


class Inbox:
    """What was dropped, by content."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def find(self, digest: str) -> InboxItem | None:
        """Looks up an item by its content; None when it was never dropped."""
        row = self._session.get(InboxRow, digest)
        return None if row is None else to_record(InboxItem, row)

    def called(self, name: str) -> InboxItem | None:
        """Looks up an item by the beginning of its digest, of 16 letters; None where there is none."""
        row = self._session.scalar(select(InboxRow).where(InboxRow.digest.startswith(name, autoescape=True)).limit(1))
        return None if row is None else to_record(InboxItem, row)

    def open(self) -> tuple[InboxItem, ...]:
        """Lists what is neither delivered nor failed, in the order in which it came."""
        query = select(InboxRow).where(InboxRow.state.not_in(_ENDED))
        rows = self._session.scalars(query.order_by(InboxRow.received_at, InboxRow.digest))
        return tuple(to_record(InboxItem, row) for row in rows)

    def latest_of(self, source_sha256: str) -> InboxItem | None:
        """Looks up how a book file was dropped last; None when it never was."""
        query = select(InboxRow).where(InboxRow.source_sha256 == source_sha256)
        row = self._session.scalar(query.order_by(InboxRow.received_at.desc()).limit(1))
        return None if row is None else to_record(InboxItem, row)

    def list(self, limit: int) -> tuple[InboxItem, ...]:
        """Lists what came, the latest first."""
        rows = self._session.scalars(select(InboxRow).order_by(InboxRow.received_at.desc()).limit(limit))
        return tuple(to_record(InboxItem, row) for row in rows)

    def put(self, item: InboxItem) -> None:
        """Writes an item, over what was known of it."""
        self._session.merge(InboxRow(**row_values(item, InboxRow)))
        self._session.flush()
