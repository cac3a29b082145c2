"""Which artifacts the rows refer to, and what for. Must not know whether their files exist."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from storage.repository._queries import chunks
from storage.schema import BookRow, MasterRow, TakeRow, UtteranceRow, VoiceRow


class References:
    """The addresses of all artifacts that books, voices and runs still need, or may need again."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def asked_takes(self) -> frozenset[str]:
        """Addresses of the takes of texts that some book asks for as it is now."""
        return self._take_addresses(asked=True)

    def other_takes(self) -> frozenset[str]:
        """Addresses of the takes that no book asks for now: of other voices and presets, and of texts since changed."""
        return self._take_addresses(asked=False) - self.asked_takes()

    def voices(self) -> frozenset[str]:
        """Addresses of latents and reference clips."""
        rows = self._session.execute(select(VoiceRow.latents_sha256, VoiceRow.clips)).all()
        return frozenset(address for latents, clips in rows for address in (latents, *clips))

    def books(self) -> frozenset[str]:
        """Addresses of the book files: the store has those that a run has kept."""
        return frozenset(self._session.scalars(select(BookRow.source_sha256)))

    def all(self) -> frozenset[str]:
        """Addresses of everything."""
        takes = self._session.scalars(select(TakeRow.audio_sha256))
        masters = self._session.scalars(select(MasterRow.audio_sha256))
        return frozenset(takes) | frozenset(masters) | self.voices() | self.books()

    def forget_takes(self, addresses: Iterable[str]) -> None:
        """Deletes the takes with this audio that no book asks for."""
        for chunk in chunks(addresses):
            self._session.execute(delete(TakeRow).where(TakeRow.audio_sha256.in_(chunk), ~_ASKED))

    def _take_addresses(self, *, asked: bool) -> frozenset[str]:
        return frozenset(self._session.scalars(select(TakeRow.audio_sha256).where(_ASKED if asked else ~_ASKED)))


_ASKED = exists().where(UtteranceRow.utterance_key == TakeRow.utterance_key)
