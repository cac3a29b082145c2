"""The tables, as SQLAlchemy classes. Rows stay inside `storage`: everyone else sees `storage.records`.

Books own their chapters, blocks, utterances, skips and ledger (natural keys: book, chapter index, index). Takes and
masters belong to nobody: they are keyed by content and shared by all books and runs. See docs/database.md.
A column has the name and the type of a field of its record (`storage.mapping`); one that no record has says in its
`doc` what storage needs it for. This module must not know how rows are read or written.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    MetaData,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedColumn, mapped_column

from storage.dropped import InboxState
from storage.hearing import HeardWord
from storage.mapping import COLUMN_TYPES
from storage.records import BlockKind, DecisionKind, LedgerState, Markup, PauseKind, Reach, RunState, Verdict, WordTime


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
    type_annotation_map = COLUMN_TYPES


def _owner(column: str) -> MappedColumn[Any]:
    """The first part of a key: the row that this one belongs to and is deleted with."""
    return mapped_column(ForeignKey(column, ondelete="CASCADE"), primary_key=True, doc="the row that it belongs to")


def _position() -> MappedColumn[int]:
    """The last part of a key, counted from 0: tables have no order of their own."""
    return mapped_column(primary_key=True, autoincrement=False, doc="its place in the tuple that its owner holds")


def _chapter_of_book() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["book_id", "chapter_index"], ["chapters.book_id", "chapters.index"], ondelete="CASCADE"
    )


class BookRow(Base):
    """A book, known by the sha256 of its file."""

    __tablename__ = "books"

    id: Mapped[int] = mapped_column(primary_key=True, doc="a short name, for the many rows of a book")
    source_sha256: Mapped[str] = mapped_column(unique=True)
    content_sha256: Mapped[str] = mapped_column(doc="of book and script as last saved: tells that nothing changed")
    title: Mapped[str]
    authors: Mapped[tuple[str, ...]]
    language: Mapped[str]
    identifier: Mapped[str]
    publisher: Mapped[str]
    date: Mapped[str]
    description: Mapped[str]
    cover: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    cover_media_type: Mapped[str]
    warnings: Mapped[tuple[str, ...]]
    series: Mapped[str]
    series_position: Mapped[str]
    identifiers: Mapped[tuple[str, ...]]
    subtitle: Mapped[str]
    sort_title: Mapped[str]
    sort_authors: Mapped[tuple[str, ...]]
    subjects: Mapped[tuple[str, ...]]
    rights: Mapped[str]
    added_at: Mapped[datetime] = mapped_column(doc="orders the list of books")


class ChapterRow(Base):
    """A chapter of a book's table of contents."""

    __tablename__ = "chapters"

    book_id: Mapped[int] = _owner("books.id")
    index: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    title: Mapped[str]


class BlockRow(Base):
    """A block of a chapter."""

    __tablename__ = "blocks"
    __table_args__ = (_chapter_of_book(),)

    book_id: Mapped[int] = mapped_column(primary_key=True, doc="with chapter_index: the chapter that it belongs to")
    chapter_index: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, doc="see book_id")
    index: Mapped[int] = _position()
    kind: Mapped[BlockKind]
    text: Mapped[str]
    source: Mapped[str]
    markup: Mapped[tuple[Markup, ...]]


class SkipRow(Base):
    """Source text that ingestion left out, and by which rule."""

    __tablename__ = "skips"

    book_id: Mapped[int] = _owner("books.id")
    position: Mapped[int] = _position()
    chapter_index: Mapped[int | None]
    text: Mapped[str]
    rule: Mapped[str]
    source: Mapped[str]


class LedgerRow(Base):
    """A range of source characters and what became of it."""

    __tablename__ = "ledger_entries"

    book_id: Mapped[int] = _owner("books.id")
    position: Mapped[int] = _position()
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
    reasons: Mapped[tuple[str, ...]]
    scores: Mapped[dict[str, float]]
    made_at: Mapped[datetime] = mapped_column(doc="tells a person who looks into the database which run made it")
    lost: Mapped[bool] = mapped_column(doc="its audio is gone or damaged: not to be used until it is back")


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

    book_id: Mapped[int] = mapped_column(primary_key=True, doc="with chapter_index: the chapter that it belongs to")
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
    utterance_key: Mapped[str | None] = mapped_column(doc="of what is to be spoken now: books.keyed pairs it with it")
    chosen_take_key: Mapped[str | None] = mapped_column(doc="of the take to be heard: takes.chosen pairs it with it")


class VoiceRow(Base):
    """A voice as one model sees it."""

    __tablename__ = "voices"

    name: Mapped[str] = mapped_column(primary_key=True)
    model_digest: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[str]
    latents_sha256: Mapped[str]
    description: Mapped[str]
    clips: Mapped[tuple[str, ...]]
    recipe: Mapped[str]
    added_at: Mapped[datetime] = mapped_column(doc="tells a person who looks into the database when it came")


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
    book_id: Mapped[int] = mapped_column(
        ForeignKey("books.id", ondelete="CASCADE"), doc="the book that the record names by source_sha256"
    )
    flow: Mapped[str]
    state: Mapped[RunState]
    request: Mapped[dict[str, object]]
    done: Mapped[int]
    total: Mapped[int]
    message: Mapped[str]
    process: Mapped[str] = mapped_column(doc="storage.processes: tells whether the run's process still lives")
    started_at: Mapped[datetime]
    heartbeat_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    heeded: Mapped[int]


class DecisionRow(Base):
    """A person's word. Rows are added and never changed, but for `ended_by`.

    No foreign key to takes: the word outlives a database that is rebuilt from audio.
    """

    __tablename__ = "decisions"
    __table_args__ = (Index(None, "book_id", "take_key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    book_id: Mapped[int | None] = mapped_column(
        ForeignKey("books.id", ondelete="CASCADE"),
        doc="the book; none where it was removed and the word reaches always",
    )
    kind: Mapped[DecisionKind]
    who: Mapped[str]
    made_at: Mapped[datetime]
    chapter: Mapped[str]
    text: Mapped[str]
    occurrence: Mapped[int]
    take_key: Mapped[str]
    reach: Mapped[Reach]
    written: Mapped[str]
    value: Mapped[str]
    ended_by: Mapped[int | None]


class MasterRow(Base):
    """A chapter's finished audio, keyed by the takes and the settings that it was made from."""

    __tablename__ = "masters"

    key: Mapped[str] = mapped_column(primary_key=True, doc="of all that it was made from: masters.find asks by it")
    audio_sha256: Mapped[str]
    sample_rate: Mapped[int]
    samples: Mapped[int] = mapped_column(BigInteger)
    loudness_lufs: Mapped[float]
    true_peak_dbtp: Mapped[float]
    made_at: Mapped[datetime] = mapped_column(doc="tells a person who looks into the database which run made it")


class PlacementRow(Base):
    """Where an utterance lies in a master. No foreign key to takes: finished audio outlives what it was cut from."""

    __tablename__ = "placements"

    master_key: Mapped[str] = _owner("masters.key")
    position: Mapped[int] = _position()
    utterance_index: Mapped[int] = mapped_column(doc="names the record's utterance, in whatever book has the master")
    take_key: Mapped[str]
    start_sample: Mapped[int] = mapped_column(BigInteger)
    end_sample: Mapped[int] = mapped_column(BigInteger)


class EditionRow(Base):
    """The published files of one run."""

    __tablename__ = "editions"

    id: Mapped[int] = mapped_column(primary_key=True, doc="a short name, for its files and chapters")
    run_id: Mapped[str] = mapped_column(
        ForeignKey("runs.id", ondelete="CASCADE"), unique=True, doc="the run that published it"
    )
    content_key: Mapped[str] = mapped_column(index=True, doc="of all that it was made from: editions.find asks by it")
    seconds: Mapped[float]
    published_at: Mapped[datetime] = mapped_column(doc="tells which edition is the latest")


class EditionFileRow(Base):
    """One published file."""

    __tablename__ = "edition_files"

    edition_id: Mapped[int] = _owner("editions.id")
    position: Mapped[int] = _position()
    kind: Mapped[str]
    path: Mapped[str]
    sha256: Mapped[str]
    bytes: Mapped[int] = mapped_column(BigInteger)


class EditionChapterRow(Base):
    """One chapter mark of an edition, in seconds from its start. `Edition.chapters` holds them as plain tuples."""

    __tablename__ = "edition_chapters"

    edition_id: Mapped[int] = _owner("editions.id")
    position: Mapped[int] = _position()
    title: Mapped[str]
    start: Mapped[float]
    end: Mapped[float]


class WordTimesRow(Base):
    """When the words of a take are spoken: found when somebody first wants to know, and found again where lost."""

    __tablename__ = "word_times"

    take_key: Mapped[str] = _owner("takes.key")
    timer: Mapped[str] = mapped_column(primary_key=True, doc="what timed them: its kind, version and weights")
    words: Mapped[tuple[WordTime, ...]] = mapped_column(doc="`storage.records.WordTime`, in order")


class HearingRow(Base):
    """What a listener heard of a take. Words that are not listed are said as written."""

    __tablename__ = "hearings"

    take_key: Mapped[str] = _owner("takes.key")
    listener: Mapped[str]
    words: Mapped[tuple[HeardWord, ...]]
    score: Mapped[float]


class StoreRow(Base):
    """The artifact store that the rows' audio lies in. There is one row, or none before a store was first opened."""

    __tablename__ = "stores"
    __table_args__ = (CheckConstraint("id = 1", name="one"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, doc="1: a database has one store")
    identity: Mapped[str] = mapped_column(doc="who the store says it is, see storage.pairing")


class InboxRow(Base):
    """A book that was dropped into the inbox. It belongs to no book row: a file that cannot be read has none."""

    __tablename__ = "inbox"

    digest: Mapped[str] = mapped_column(primary_key=True)
    source_sha256: Mapped[str]
    name: Mapped[str]
    order: Mapped[dict[str, object]]
    received_at: Mapped[datetime] = mapped_column(index=True)
    attempt: Mapped[int]
    state: Mapped[InboxState]
    run: Mapped[str]
    message: Mapped[str]
    place: Mapped[str]


class NoticeRow(Base):
    """Something that people were told of once. It has no record: whether it is there is all that is asked."""

    __tablename__ = "notices"

    kind: Mapped[str] = mapped_column(primary_key=True, doc="what happened: finished, failed, review")
    subject: Mapped[str] = mapped_column(primary_key=True, doc="what it happened to: a run's id, an inbox attempt")
    sent_at: Mapped[datetime] = mapped_column(doc="for people who look for a message that did not come")
