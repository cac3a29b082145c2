"""Keeps a database and its artifact store together: each knows who the other is.

The store says who it is in a file of its own, the database has it in a row. So a disk that is not mounted, a folder
that was emptied or the store of another library is not taken for a store whose audio is lost. This module must not know
what takes are for.
"""

from __future__ import annotations

import uuid

from storage.artifacts import ArtifactStore
from storage.database import Database
from storage.errors import StoreUnavailableError
from storage.repository import UnitOfWork

_ASKED_FOR = 200  # takes of a database of before stores had identities; one of them must be there


def open_store(database: Database, url: str) -> ArtifactStore:
    """Opens the store in which the audio of the database's rows lies. The first store that a database meets is its own.

    Raises `StoreUnavailableError` when it is not there, is another or cannot be read: then nothing was changed.
    """
    identity = database.read(lambda uow: uow.stores.identity())
    if identity is None:
        _require_audio(database, ArtifactStore(url))
        identity = _adopt(database, url)
    return ArtifactStore(url, identity)


def adopt_store(database: Database, url: str) -> ArtifactStore:
    """Takes whatever lies in that place for the database's store. Raises `StoreUnavailableError`, `OSError`."""
    database.transact(lambda uow: uow.stores.forget())
    return ArtifactStore(url, _adopt(database, url))


def _require_audio(database: Database, store: ArtifactStore) -> None:
    """Raises `StoreUnavailableError` where the database knows takes and the store has none of them."""
    addresses = database.read(lambda uow: uow.takes.audio(limit=_ASKED_FOR)).values()
    if addresses and not any(store.exists(address) for address in addresses):
        raise StoreUnavailableError(
            f"the artifact store at {store.place} has none of the audio that the database knows; is its disk mounted? "
            "Nothing was changed. (If the audio is gone for good, `talepress maintain adopt-store` says so.)"
        )


def _adopt(database: Database, url: str) -> str:
    """Has store and database know each other. Returns who the store is. Any number of processes may try at once."""
    store = ArtifactStore(url)

    def adopt(uow: UnitOfWork) -> str:
        # A store that has been told already, by a process that died before its commit, stays who it is.
        told = store.identity()
        identity = uow.stores.adopt(told or uuid.uuid4().hex)
        if told is None:
            store.mark(identity)
        return identity

    return database.transact(adopt)
