"""Books and their scripts: saving, reading back, the keys of utterances, coverage, and how far each book has come.

This module must not know how a book is read or segmented.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, Select, bindparam, case, delete, func, select, true, update
from sqlalchemy.orm import Session, undefer

from storage.errors import BookBusyError, NotFoundError
from storage.mapping import row_values, to_record
from storage.processes import is_alive
from storage.records import (
    Block,
    Book,
    Chapter,
    Coverage,
    KeyedUtterance,
    LedgerEntry,
    LedgerState,
    Reach,
    RunState,
    Script,
    Skip,
    Utterance,
    Verdict,
)
from storage.repository._queries import book_id, in_chapters, insert_rows
from storage.repository.decisions import is_settled
from storage.schema import BlockRow, BookRow, ChapterRow, DecisionRow, LedgerRow, RunRow, SkipRow, TakeRow, UtteranceRow
from storage.summaries import BookSummary, ChapterSummary


class Books:
    """The books, each known by the sha256 of its file (`source_sha256`)."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def save(self, book: Book, script: Script) -> bool:
        """Stores a book with its script. Returns False, touching nothing, when both are stored already.

        A changed script replaces the old one and its utterance keys; takes stay, so `Takes.choose_acceptable`
        finds them again once the keys are assigned.
        """
        content = hashlib.sha256(repr((book, script)).encode("utf-8", "surrogatepass")).hexdigest()
        stored = self._session.scalar(select(BookRow).where(BookRow.source_sha256 == book.source_sha256))
        if stored is not None and stored.content_sha256 == content:
            return False
        values = row_values(book, BookRow, content_sha256=content)
        if stored is None:
            stored = BookRow(**values, added_at=datetime.now(UTC))
            self._session.add(stored)
            self._session.flush()
        else:
            self._session.execute(update(BookRow).where(BookRow.id == stored.id).values(**values))
            for table in (ChapterRow, SkipRow, LedgerRow):  # blocks and utterances go with their chapters
                self._session.execute(delete(table).where(table.book_id == stored.id))
        self._insert_parts(stored.id, book, script)
        return True

    def _insert_parts(self, owner: int, book: Book, script: Script) -> None:
        """Inserts what a book consists of; chapters before their blocks and utterances, which refer to them."""
        chapters = [row_values(chapter, ChapterRow, book_id=owner) for chapter in book.chapters]
        blocks = [
            row_values(block, BlockRow, book_id=owner, chapter_index=chapter.index, index=index)
            for chapter in book.chapters
            for index, block in enumerate(chapter.blocks)
        ]
        skips = [
            row_values(skip, SkipRow, book_id=owner, position=position) for position, skip in enumerate(book.skipped)
        ]
        utterances = [row_values(utterance, UtteranceRow, book_id=owner) for utterance in script.utterances]
        entries = [
            row_values(entry, LedgerRow, book_id=owner, position=position)
            for position, entry in enumerate(script.ledger)
        ]
        insert_rows(self._session, ChapterRow, chapters)
        insert_rows(self._session, BlockRow, blocks)
        insert_rows(self._session, SkipRow, skips)
        insert_rows(self._session, UtteranceRow, utterances)
        insert_rows(self._session, LedgerRow, entries)

    def exists(self, source_sha256: str) -> bool:
        """Tells whether a book is stored."""
        return self._session.scalar(select(BookRow.id).where(BookRow.source_sha256 == source_sha256)) is not None

    def remove(self, source_sha256: str) -> None:
        """Forgets a book with its script, runs, editions and decisions. Takes and masters, which books share, stay.

        So do corrections that people made in it for every book.

        Raises `BookBusyError` while a living process works on it, `NotFoundError`.
        """
        owner = book_id(self._session, source_sha256)
        running = self._session.scalar(select(RunRow).where(RunRow.book_id == owner, RunRow.state == RunState.RUNNING))
        if running is not None and is_alive(running.process, running.heartbeat_at):
            raise BookBusyError("another process works on this book: wait for it or stop it")
        kept = (DecisionRow.book_id == owner) & (DecisionRow.reach == Reach.ALWAYS)
        self._session.execute(update(DecisionRow).where(kept).values(book_id=None))
        self._session.execute(delete(BookRow).where(BookRow.id == owner))

    def get(self, source_sha256: str) -> Book:
        """Reads a book as it was saved. Raises `NotFoundError`."""
        row = self._session.get_one(BookRow, book_id(self._session, source_sha256), options=[undefer(BookRow.cover)])
        skips = self._session.scalars(_of_book(SkipRow, row.id).order_by(SkipRow.position))
        return to_record(
            Book,
            row,
            chapters=self._chapters(row.id),
            skipped=tuple(to_record(Skip, skip) for skip in skips),
        )

    def _chapters(self, owner: int) -> tuple[Chapter, ...]:
        blocks: dict[int, list[Block]] = {}
        for row in self._session.scalars(_of_book(BlockRow, owner).order_by(BlockRow.chapter_index, BlockRow.index)):
            blocks.setdefault(row.chapter_index, []).append(to_record(Block, row))
        chapters = self._session.scalars(_of_book(ChapterRow, owner).order_by(ChapterRow.index))
        return tuple(to_record(Chapter, row, blocks=tuple(blocks.get(row.index, ()))) for row in chapters)

    def block(self, source_sha256: str, chapter_index: int, index: int) -> Block:
        """Reads one block of a book. Raises `NotFoundError`."""
        row = self._session.get(BlockRow, (book_id(self._session, source_sha256), chapter_index, index))
        if row is None:
            raise NotFoundError(f"chapter {chapter_index + 1} has no block {index + 1}: read the book again")
        return to_record(Block, row)

    def script(self, source_sha256: str) -> Script:
        """Reads the script of a book as it was saved; its coverage is added up anew. Raises `NotFoundError`."""
        owner = book_id(self._session, source_sha256)
        utterances = self._session.scalars(
            _of_book(UtteranceRow, owner).order_by(UtteranceRow.chapter_index, UtteranceRow.index)
        )
        ledger = self._session.scalars(_of_book(LedgerRow, owner).order_by(LedgerRow.position))
        return Script(
            utterances=tuple(to_record(Utterance, row) for row in utterances),
            ledger=tuple(to_record(LedgerEntry, row) for row in ledger),
            coverage=self.coverage(source_sha256),
        )

    def coverage(self, source_sha256: str, chapters: Collection[int] | None = None) -> Coverage:
        """Adds up the characters of a book's ledger by state, or of some chapters' alone. Raises `NotFoundError`."""
        query = (
            select(LedgerRow.state, func.sum(LedgerRow.chars))
            .where(LedgerRow.book_id == book_id(self._session, source_sha256))
            .where(in_chapters(LedgerRow.chapter_index, chapters))
            .group_by(LedgerRow.state)
        )
        chars = {state: total for state, total in self._session.execute(query)}
        return Coverage(
            source_chars=sum(chars.values()),
            spoken_chars=chars.get(LedgerState.SPOKEN, 0),
            skipped_chars=chars.get(LedgerState.SKIPPED, 0),
            unaccounted_chars=chars.get(LedgerState.UNACCOUNTED, 0),
        )

    def assign_keys(self, source_sha256: str, keyed: Iterable[KeyedUtterance]) -> int:
        """Stores the key of what each utterance is to say. An utterance whose key changes loses its chosen take.

        Returns how many keys changed. Raises `NotFoundError`.
        """
        owner = book_id(self._session, source_sha256)
        query = select(UtteranceRow.chapter_index, UtteranceRow.index, UtteranceRow.utterance_key)
        rows = self._session.execute(query.where(UtteranceRow.book_id == owner))
        current = {(chapter, index): key for chapter, index, key in rows}
        changed = [
            {"chapter": item.utterance.chapter_index, "position": item.utterance.index, "new_key": item.key}
            for item in keyed
            if current[item.utterance.chapter_index, item.utterance.index] != item.key
        ]
        if changed:
            statement = (
                update(UtteranceRow)
                .where(
                    UtteranceRow.book_id == owner,
                    UtteranceRow.chapter_index == bindparam("chapter"),
                    UtteranceRow.index == bindparam("position"),
                )
                .values(utterance_key=bindparam("new_key"), chosen_take_key=None)
            )
            self._session.connection().execute(statement, changed)
        return len(changed)

    def keyed(self, source_sha256: str, chapters: Collection[int] | None = None) -> tuple[KeyedUtterance, ...]:
        """Lists the utterances that have a key, in reading order. Raises `NotFoundError`."""
        query = (
            _of_book(UtteranceRow, book_id(self._session, source_sha256))
            .where(UtteranceRow.utterance_key.is_not(None), in_chapters(UtteranceRow.chapter_index, chapters))
            .order_by(UtteranceRow.chapter_index, UtteranceRow.index)
        )
        rows = self._session.scalars(query)
        return tuple(KeyedUtterance(to_record(Utterance, row), row.utterance_key) for row in rows)

    def chapter_summaries(self, source_sha256: str) -> tuple[ChapterSummary, ...]:
        """Counts how far each chapter of a book has come, in one query. Raises `NotFoundError`."""
        owner = book_id(self._session, source_sha256)
        query = (
            _joined_takes(select(ChapterRow.index, ChapterRow.title, *_COUNTS))
            .where(ChapterRow.book_id == owner)
            .group_by(ChapterRow.index, ChapterRow.title)
            .order_by(ChapterRow.index)
        )
        return tuple(ChapterSummary(*row) for row in self._session.execute(query))

    def sources(self, start: str = "") -> tuple[str, ...]:
        """Lists the sha256 of the books, the latest added first; those that begin with `start`."""
        query = select(BookRow.source_sha256).where(BookRow.source_sha256.startswith(start, autoescape=True))
        return tuple(self._session.scalars(query.order_by(BookRow.added_at.desc(), BookRow.id.desc())))

    def heading(self, source_sha256: str) -> tuple[str, tuple[str, ...], str]:
        """Reads title, authors and language of a book. Raises `NotFoundError`."""
        row = self._session.get_one(BookRow, book_id(self._session, source_sha256))
        return row.title, row.authors, row.language

    def summaries(self, sources: Collection[str] | None = None) -> tuple[BookSummary, ...]:
        """Counts how far every book has come, or these, the latest added first, in one query."""
        ids = None
        if sources is not None:
            ids = tuple(self._session.scalars(select(BookRow.id).where(BookRow.source_sha256.in_(tuple(sources)))))
        query = _book_summaries(ids).order_by(BookRow.added_at.desc(), BookRow.id.desc())
        return tuple(_book_summary(row) for row in self._session.execute(query))

    def summary(self, source_sha256: str) -> BookSummary:
        """Counts how far a book has come. Raises `NotFoundError`."""
        query = _book_summaries([book_id(self._session, source_sha256)])
        return _book_summary(self._session.execute(query).one())


AnySelect = Select[tuple[Any, ...]]

_COUNTS = (
    func.count(UtteranceRow.index),
    func.count(UtteranceRow.utterance_key),
    func.count(TakeRow.key),
    func.count(case(((TakeRow.verdict == Verdict.DOUBTFUL) & ~is_settled(UtteranceRow.book_id, TakeRow.key), 1))),
    func.coalesce(func.sum(TakeRow.samples * 1.0 / TakeRow.sample_rate), 0.0),
)


def _joined_takes(query: AnySelect) -> AnySelect:
    """Joins chapters to their utterances and chosen takes; chapters without any stay in the result."""
    return (
        query.select_from(ChapterRow)
        .outerjoin(
            UtteranceRow,
            (UtteranceRow.book_id == ChapterRow.book_id) & (UtteranceRow.chapter_index == ChapterRow.index),
        )
        .outerjoin(TakeRow, (TakeRow.key == UtteranceRow.chosen_take_key) & TakeRow.lost.is_(False))
    )


def _book_summaries(ids: Collection[int] | None) -> AnySelect:
    """Selects the summaries of the books with these ids, or of all."""
    last_run_state = (
        select(RunRow.state)
        .where(RunRow.book_id == BookRow.id)
        .order_by(RunRow.started_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    counts = (
        _joined_takes(select(ChapterRow.book_id, func.count(ChapterRow.index.distinct()).label("chapters"), *_COUNTS))
        .where(true() if ids is None else ChapterRow.book_id.in_(ids))
        .group_by(ChapterRow.book_id)
        .subquery()
    )
    columns = [func.coalesce(column, 0) for column in list(counts.c)[1:]]
    return (
        select(BookRow.source_sha256, BookRow.title, BookRow.authors, *columns, last_run_state)
        .select_from(BookRow)
        .outerjoin(counts, counts.c.book_id == BookRow.id)
        .where(true() if ids is None else BookRow.id.in_(ids))
    )


def _book_summary(row: Row[tuple[Any, ...]]) -> BookSummary:
    source_sha256, title, authors, *rest = row
    return BookSummary(source_sha256, title, tuple(authors), *rest)


def _of_book(row_type: Any, owner: int) -> Select[Any]:
    return select(row_type).where(row_type.book_id == owner)
