"""The artifact store that belongs to the database. Must not know where it is, nor how it says who it is."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from storage.repository._queries import insert_unless_present
from storage.schema import StoreRow

_ONLY = 1  # the schema allows one row


class Stores:
    """Who the store is that the rows' audio lies in."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def identity(self) -> str | None:
        """Reads who the store is; None when the database has not met one yet."""
        return self._session.scalar(select(StoreRow.identity))

    def adopt(self, identity: str) -> str:
        """Notes who the store is, unless that is known already. Returns who it is."""
        insert_unless_present(self._session, StoreRow, [{"id": _ONLY, "identity": identity}])
        return self._session.scalars(select(StoreRow.identity)).one()

    def forget(self) -> None:
        """Forgets who the store is, so that another may be adopted."""
        self._session.execute(delete(StoreRow))
