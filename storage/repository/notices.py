"""What people were told of, so that they are told once. Must not know how they are told."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy.orm import Session

from storage.schema import NoticeRow


class Notices:
    """What was told, by what happened and to what."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def note(self, kind: str, subject: str) -> bool:
        """Notes that people are told of it. False where they were told before."""
        if self._session.get(NoticeRow, (kind, subject)) is not None:
            return False
        self._session.add(NoticeRow(kind=kind, subject=subject, sent_at=datetime.now(UTC)))
        self._session.flush()
        return True
