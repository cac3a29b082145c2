"""Masters: finished chapters, cached by what they were made from. Must not know how one is made or keyed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from storage.errors import NotFoundError, StorageError
from storage.mapping import row_values, to_record
from storage.records import Master, PlacedUtterance, Utterance
from storage.repository._queries import book_id, chunks, insert_rows, insert_unless_present
from storage.schema import ChapterRow, MasterRow, PlacementRow, UtteranceRow


class Masters:
    """The masters of all books. The key covers the takes, their order and every setting of stitch and master."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def save(self, key: str, master: Master) -> None:
        """Stores a master under its content key. One whose key is present is left as it was, see `forget`."""
        if self._session.get(MasterRow, key) is not None:
            return
        row = row_values(master, MasterRow, key=key, made_at=datetime.now(UTC))
        insert_unless_present(self._session, MasterRow, [row])
        placements = [
            row_values(placed, PlacementRow, master_key=key, position=position, utterance_index=placed.utterance.index)
            for position, placed in enumerate(master.placed)
        ]
        insert_rows(self._session, PlacementRow, placements)

    def address(self, key: str) -> str:
        """Looks up the artifact of a master. Raises `NotFoundError`."""
        row = self._session.get(MasterRow, key)
        if row is None:
            raise NotFoundError("there is no such chapter any more: load the page again")
        return row.audio_sha256

    def audio(self) -> dict[str, str]:
        """Lists the masters of all books: key and artifact address."""
        return {key: address for key, address in self._session.execute(select(MasterRow.key, MasterRow.audio_sha256))}

    def forget(self, keys: Iterable[str]) -> None:
        """Deletes masters whose audio is gone or damaged. Nothing is lost: they are made again from their takes."""
        for chunk in chunks(keys):
            self._session.execute(delete(MasterRow).where(MasterRow.key.in_(chunk)))

    def find(self, key: str, source_sha256: str, chapter_index: int) -> Master | None:
        """Looks up the master with that key and reads it as the given chapter's; None when there is none.

        Title and utterances are those of the chapter now. Raises `StorageError` when the key is not this chapter's
        (it names utterances that the chapter lacks), `NotFoundError`.
        """
        row = self._session.get(MasterRow, key)
        if row is None:
            return None
        owner = book_id(self._session, source_sha256)
        chapter = self._session.get(ChapterRow, (owner, chapter_index))
        if chapter is None:
            raise NotFoundError(f"book {source_sha256} has no chapter {chapter_index + 1}: see `talepress plan`")
        utterances = {
            utterance.index: to_record(Utterance, utterance)
            for utterance in self._session.scalars(
                select(UtteranceRow).where(UtteranceRow.book_id == owner, UtteranceRow.chapter_index == chapter_index)
            )
        }
        placements = self._session.scalars(
            select(PlacementRow).where(PlacementRow.master_key == key).order_by(PlacementRow.position)
        ).all()
        if any(placement.utterance_index not in utterances for placement in placements):
            raise StorageError(
                f"master {key} was not made from chapter {chapter_index + 1} as it is now: run the same command again"
            )
        return to_record(
            Master,
            row,
            chapter_index=chapter_index,
            title=chapter.title,
            placed=tuple(
                to_record(PlacedUtterance, placement, utterance=utterances[placement.utterance_index])
                for placement in placements
            ),
        )
