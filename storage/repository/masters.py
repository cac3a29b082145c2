"""Masters: finished chapters, cached by what they were made from. Must not know how one is made or keyed."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from storage.errors import NotFoundError, StorageError
from storage.records import Master, PlacedUtterance
from storage.repository._queries import book_id, insert_unless_present, utterance_record
from storage.schema import ChapterRow, MasterRow, PlacementRow, UtteranceRow


class Masters:
    """The masters of all books. The key covers the takes, their order and every setting of stitch and master."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def save(self, key: str, master: Master) -> None:
        """Stores a master under its content key. One whose key is present is left as it was."""
        if self._session.get(MasterRow, key) is not None:
            return
        values = {
            "key": key,
            "audio_sha256": master.audio_sha256,
            "sample_rate": master.sample_rate,
            "samples": master.samples,
            "loudness_lufs": master.loudness_lufs,
            "true_peak_dbtp": master.true_peak_dbtp,
            "made_at": datetime.now(UTC),
        }
        insert_unless_present(self._session, MasterRow, [values])
        placements = [
            {
                "master_key": key,
                "position": position,
                "utterance_index": placed.utterance.index,
                "take_key": placed.take_key,
                "start_sample": placed.start_sample,
                "end_sample": placed.end_sample,
            }
            for position, placed in enumerate(master.placed)
        ]
        if placements:
            self._session.execute(insert(PlacementRow), placements)

    def find(self, key: str, source_sha256: str, chapter_index: int) -> Master | None:
        """The master with that key, as the given chapter's, or None.

        Title and utterances are those of the chapter now. Raises `StorageError` when the key is not this chapter's
        (it names utterances that the chapter lacks), `NotFoundError`.
        """
        row = self._session.get(MasterRow, key)
        if row is None:
            return None
        owner = book_id(self._session, source_sha256)
        chapter = self._session.get(ChapterRow, (owner, chapter_index))
        if chapter is None:
            raise NotFoundError(f"the book has no chapter {chapter_index + 1}")
        utterances = {
            utterance.index: utterance_record(utterance)
            for utterance in self._session.scalars(
                select(UtteranceRow).where(UtteranceRow.book_id == owner, UtteranceRow.chapter_index == chapter_index)
            )
        }
        placements = self._session.scalars(
            select(PlacementRow).where(PlacementRow.master_key == key).order_by(PlacementRow.position)
        ).all()
        if any(placement.utterance_index not in utterances for placement in placements):
            raise StorageError(f"master {key} was not made from chapter {chapter_index + 1} as it is now")
        return Master(
            chapter_index=chapter_index,
            title=chapter.title,
            audio_sha256=row.audio_sha256,
            sample_rate=row.sample_rate,
            samples=row.samples,
            loudness_lufs=row.loudness_lufs,
            true_peak_dbtp=row.true_peak_dbtp,
            placed=tuple(
                PlacedUtterance(utterances[p.utterance_index], p.take_key, p.start_sample, p.end_sample)
                for p in placements
            ),
        )
