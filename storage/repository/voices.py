"""Voices: names with latents, as each model sees them. Must not know what latents are."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from storage.errors import DuplicateError, NotFoundError
from storage.mapping import row_values, to_record
from storage.records import VoiceRecord
from storage.schema import VoiceRow


class Voices:
    """The voices of all models. A name may stand for one set of latents per model."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, voice: VoiceRecord) -> None:
        """Adds a voice; the same voice again changes nothing. Raises `DuplicateError` when the name is taken."""
        present = self._session.get(VoiceRow, (voice.name, voice.model_digest))
        if present is None:
            self._session.add(VoiceRow(**row_values(voice, VoiceRow, added_at=datetime.now(UTC))))
            self._session.flush()
        elif present.digest != voice.digest:
            raise DuplicateError(
                f"there is another voice of the name {voice.name!r}: remove it first, or take another name"
            )

    def find(self, name: str, model_digest: str) -> VoiceRecord | None:
        """Looks up the voice of that name for a model; None when there is none."""
        row = self._session.get(VoiceRow, (name, model_digest))
        return None if row is None else to_record(VoiceRecord, row)

    def list(self, model_digest: str | None = None) -> tuple[VoiceRecord, ...]:
        """Lists all voices by name, or those of one model."""
        query = select(VoiceRow).order_by(VoiceRow.name, VoiceRow.model_digest)
        if model_digest is not None:
            query = query.where(VoiceRow.model_digest == model_digest)
        return tuple(to_record(VoiceRecord, row) for row in self._session.scalars(query))

    def remove(self, name: str) -> None:
        """Removes a voice from all models. Takes spoken with it stay. Raises `NotFoundError`."""
        removed = self._session.scalars(delete(VoiceRow).where(VoiceRow.name == name).returning(VoiceRow.name)).all()
        if not removed:
            raise NotFoundError(f"there is no added voice {name!r}: `talepress voice list` has all")
