"""One transaction over all repositories. This module must not know how a transaction is opened or retried."""

from __future__ import annotations

from sqlalchemy.orm import Session

from storage.errors import StorageError
from storage.repository.books import Books
from storage.repository.decisions import Decisions
from storage.repository.editions import Editions
from storage.repository.hearings import Hearings
from storage.repository.inbox import Inbox
from storage.repository.masters import Masters
from storage.repository.notices import Notices
from storage.repository.references import References
from storage.repository.reviews import Reviews
from storage.repository.runs import Runs
from storage.repository.stores import Stores
from storage.repository.takes import Takes
from storage.repository.voices import Voices
from storage.repository.word_times import WordTimes


class UnitOfWork:
    """What one transaction sees. Nothing is kept without `commit()`."""

    def __init__(self, session: Session, *, read_only: bool = False) -> None:
        self._session = session
        self._read_only = read_only
        self.books = Books(session)
        self.takes = Takes(session)
        self.voices = Voices(session)
        self.runs = Runs(session)
        self.masters = Masters(session)
        self.editions = Editions(session)
        self.decisions = Decisions(session)
        self.references = References(session)
        self.reviews = Reviews(session)
        self.stores = Stores(session)
        self.inbox = Inbox(session)
        self.notices = Notices(session)
        self.word_times = WordTimes(session)
        self.hearings = Hearings(session)

    def commit(self) -> None:
        """Keeps everything done since the start or the last commit."""
        if self._read_only:
            raise StorageError("a snapshot cannot be committed: use database.unit_of_work()")
        self._session.commit()

    def rollback(self) -> None:
        """Forgets everything done since the start or the last commit."""
        self._session.rollback()
