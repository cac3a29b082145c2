"""Editions: what each run published. Must not know how files are packaged, nor whether they still exist."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Select, delete, select
from sqlalchemy.orm import Session

from storage.mapping import row_values, to_record
from storage.records import Edition, EditionFile
from storage.repository._queries import book_id, insert_rows
from storage.schema import EditionChapterRow, EditionFileRow, EditionRow, RunRow


class Editions:
    """The editions of all books, one per run at most."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def save(self, run_id: str, edition: Edition, content_key: str = "") -> None:
        """Stores what a run published; a second edition of the same run replaces the first.

        `content_key` covers everything the files depend on (masters, tags, packaging settings), for `find`.
        """
        self._session.execute(delete(EditionRow).where(EditionRow.run_id == run_id))
        row = EditionRow(
            **row_values(edition, EditionRow, run_id=run_id, content_key=content_key, published_at=datetime.now(UTC))
        )
        self._session.add(row)
        self._session.flush()
        files = [
            row_values(file, EditionFileRow, edition_id=row.id, position=position)
            for position, file in enumerate(edition.files)
        ]
        chapters = [
            {"edition_id": row.id, "position": position, "title": title, "start": start, "end": end}
            for position, (title, start, end) in enumerate(edition.chapters)
        ]
        insert_rows(self._session, EditionFileRow, files)
        insert_rows(self._session, EditionChapterRow, chapters)

    def latest(self, source_sha256: str) -> Edition | None:
        """Reads the edition of a book that was published last; None when there is none. Raises `NotFoundError`."""
        query = select(EditionRow).join(RunRow).where(RunRow.book_id == book_id(self._session, source_sha256))
        return self._newest(query)

    def find(self, content_key: str) -> Edition | None:
        """Looks up the latest edition with that content key; None when there is none. Its files may be gone."""
        return self._newest(select(EditionRow).where(EditionRow.content_key == content_key))

    def _newest(self, query: Select[tuple[EditionRow]]) -> Edition | None:
        row = self._session.scalar(query.order_by(EditionRow.published_at.desc(), EditionRow.id.desc()).limit(1))
        if row is None:
            return None
        files = self._session.scalars(
            select(EditionFileRow).where(EditionFileRow.edition_id == row.id).order_by(EditionFileRow.position)
        )
        chapters = self._session.scalars(
            select(EditionChapterRow).where(EditionChapterRow.edition_id == row.id).order_by(EditionChapterRow.position)
        )
        return to_record(
            Edition,
            row,
            files=tuple(to_record(EditionFile, file) for file in files),
            chapters=tuple((chapter.title, chapter.start, chapter.end) for chapter in chapters),
        )
