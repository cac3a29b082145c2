"""The tables, as SQLAlchemy classes. Rows stay inside `storage`: everyone else sees `storage.records`.

Books own their chapters, blocks, utterances, skips and ledger (natural keys: book, chapter index, index). Takes and
masters belong to nobody: they are keyed by content and shared by all books and runs. See docs/database.md.
This module must not know how rows are read or written.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    DateTime,
    Dialect,
    Enum,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    MetaData,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from storage.records import BlockKind, LedgerState, PauseKind, RunState, Verdict


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC. SQLite has no time zones, so the column holds naive UTC and Python sees aware values."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuses naive values: their zone would be a guess."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive date and time {value}: give it a time zone")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Adds the zone that the column lacks."""
        return None if value is None else value.replace(tzinfo=UTC)


def _words(enum: type[StrEnum]) -> Enum:
    """A column of an enum's values as plain words: readable in any SQL shell, extended without a migration."""
    return Enum(enum, native_enum=False, length=16, values_callable=lambda members: [str(member) for member in members])


class Base(DeclarativeBase):
    """Base of all rows; its metadata is what the migrations must lead to."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - the class attribute that SQLAlchemy reads
        str: Text(),
        datetime: UtcDateTime(),
        list[str]: JSON(),
        dict[str, Any]: JSON(),
        list[dict[str, Any]]: JSON(),
        BlockKind: _words(BlockKind),
        LedgerState: _words(LedgerState),
        PauseKind: _words(PauseKind),
        RunState: _words(RunState),
        Verdict: _words(Verdict),
    }


def _chapter_of_book() -> ForeignKeyConstraint:
    columns, referred = ["book_id", "chapter_index"], ["chapters.book_id", "chapters.index"]
    return ForeignKeyConstraint(columns, referred, ondelete="CASCADE")


class BookRow(Base):
    """A book, known by the sha256 of its file."""

    __tablename__ = "books"

    id: Mapped[int] = mapped_column(primary_key=True)
    source_sha256: Mapped[str] = mapped_column(unique=True)
    content_sha256: Mapped[str]  # of book and script as last saved: tells at once that nothing changed
    title: Mapped[str]
    authors: Mapped[list[str]]
    language: Mapped[str]
    identifier: Mapped[str]
    publisher: Mapped[str]
    date: Mapped[str]
    description: Mapped[str]
    cover: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    cover_media_type: Mapped[str]
    warnings: Mapped[list[str]]
    series: Mapped[str]
    series_position: Mapped[str]
    identifiers: Mapped[list[str]]
    added_at: Mapped[datetime]


class ChapterRow(Base):
    """A chapter of a book's table of contents."""

    __tablename__ = "chapters"

    book_id: Mapped[int] = mapped_column(ForeignKey("books.id", ondelete="CASCADE"), primary_key=True)
    index: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    title: Mapped[str]


class BlockRow(Base):
    """A block of a chapter."""

    __tablename__ = "blocks"
    __table_args__ = (_chapter_of_book(),)

    book_id: Mapped[int] = mapped_column(primary_key=True)
    chapter_index: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    index: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[BlockKind]
    text: Mapped[str]
    source: Mapped[str]
    markup: Mapped[list[dict[str, Any]]]


class SkipRow(Base):
    """Source text that ingestion left out, and by which rule."""

    __tablename__ = "skips"

    book_id: Mapped[int] = mapped_column(ForeignKey("books.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    chapter_index: Mapped[int | None]
    text: Mapped[str]
    rule: Mapped[str]
    source: Mapped[str]


class LedgerRow(Base):
    """A range of source characters and what became of it."""

    __tablename__ = "ledger_entries"

    book_id: Mapped[int] = mapped_column(ForeignKey("books.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    chapter_index: Mapped[int | None]
    text: Mapped[str]
    chars: Mapped[int]
    state: Mapped[LedgerState]
    rule: Mapped[str]


class TakeRow(Base):
    """A take. The same key means the same audio, so books and runs share the row."""

    __tablename__ = "takes"
    __table_args__ = (
        UniqueConstraint("utterance_key", "attempt"),
        UniqueConstraint("utterance_key", "key"),  # what an utterance's choice refers to
        CheckConstraint("attempt >= 0", name="attempt"),
        CheckConstraint("samples > 0 AND sample_rate > 0", name="audio"),
    )

    key: Mapped[str] = mapped_column(primary_key=True)
    utterance_key: Mapped[str]
    attempt: Mapped[int]
    seed: Mapped[int] = mapped_column(BigInteger)
    audio_sha256: Mapped[str]
    sample_rate: Mapped[int]
    samples: Mapped[int]
    verdict: Mapped[Verdict]
    reasons: Mapped[list[str]]
    scores: Mapped[dict[str, Any]]
    made_at: Mapped[datetime]


class UtteranceRow(Base):
    """An utterance of a book, the key of what is to be spoken now, and the chosen take.

    One column holds the choice, so there is at most one; the foreign key over both columns makes sure that the
    chosen take speaks the current key.
    """

    __tablename__ = "utterances"
    __table_args__ = (
        _chapter_of_book(),
        ForeignKeyConstraint(["utterance_key", "chosen_take_key"], ["takes.utterance_key", "takes.key"]),
        Index(None, "book_id", "utterance_key"),
        Index(None, "chosen_take_key"),
        CheckConstraint("chosen_take_key IS NULL OR utterance_key IS NOT NULL", name="choice_needs_key"),
    )

    book_id: Mapped[int] = mapped_column(primary_key=True)
    chapter_index: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    index: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    block_index: Mapped[int]
    start: Mapped[int]
    end: Mapped[int]
    text: Mapped[str]
    spoken: Mapped[str]
    pause: Mapped[PauseKind]
    is_heading: Mapped[bool]
    voice: Mapped[str]
    pause_s: Mapped[float | None]
    utterance_key: Mapped[str | None]
    chosen_take_key: Mapped[str | None]


class VoiceRow(Base):
    """A voice as one model sees it."""

    __tablename__ = "voices"

    name: Mapped[str] = mapped_column(primary_key=True)
    model_digest: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[str]
    latents_sha256: Mapped[str]
    description: Mapped[str]
    clips: Mapped[list[str]]
    added_at: Mapped[datetime]


class RunRow(Base):
    """One attempt at turning a book into an edition. At most one run of a book is running."""

    __tablename__ = "runs"
    __table_args__ = (
        Index(
            "uq_runs_running_book",
            "book_id",
            unique=True,
            sqlite_where=text("state = 'running'"),
            postgresql_where=text("state = 'running'"),
        ),
        Index(None, "book_id", "started_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    book_id: Mapped[int] = mapped_column(ForeignKey("books.id", ondelete="CASCADE"))
    flow: Mapped[str]
    state: Mapped[RunState]
    request: Mapped[dict[str, Any]]
    done: Mapped[int]
    total: Mapped[int]
    message: Mapped[str]
    process: Mapped[str]  # storage.processes: tells whether the run's process still lives
    started_at: Mapped[datetime]
    heartbeat_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class MasterRow(Base):
    """A chapter's finished audio, keyed by the takes and the settings that it was made from."""

    __tablename__ = "masters"

    key: Mapped[str] = mapped_column(primary_key=True)
    audio_sha256: Mapped[str]
    sample_rate: Mapped[int]
    samples: Mapped[int] = mapped_column(BigInteger)
    loudness_lufs: Mapped[float]
    true_peak_dbtp: Mapped[float]
    made_at: Mapped[datetime]


class PlacementRow(Base):
    """Where an utterance lies in a master. No foreign key to takes: finished audio outlives what it was cut from."""

    __tablename__ = "placements"

    master_key: Mapped[str] = mapped_column(ForeignKey("masters.key", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    utterance_index: Mapped[int]
    take_key: Mapped[str]
    start_sample: Mapped[int] = mapped_column(BigInteger)
    end_sample: Mapped[int] = mapped_column(BigInteger)


class EditionRow(Base):
    """The published files of one run."""

    __tablename__ = "editions"

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), unique=True)
    content_key: Mapped[str] = mapped_column(index=True)
    seconds: Mapped[float]
    published_at: Mapped[datetime]


class EditionFileRow(Base):
    """One published file."""

    __tablename__ = "edition_files"

    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str]
    path: Mapped[str]
    sha256: Mapped[str]
    bytes: Mapped[int] = mapped_column(BigInteger)


class EditionChapterRow(Base):
    """One chapter mark of an edition, in seconds from its start."""

    __tablename__ = "edition_chapters"

    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    title: Mapped[str]
    start: Mapped[float]
    end: Mapped[float]
