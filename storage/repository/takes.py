"""Takes: which exist, which are missing, which one an utterance uses. Must not know how a take is made or judged."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime

from sqlalchemy import bindparam, exists, select, update
from sqlalchemy.orm import Session

from storage.errors import IncompleteError, NotFoundError
from storage.mapping import row_values, to_record
from storage.records import ChosenTake, DecisionKind, FlaggedUtterance, KeyedUtterance, Take, Utterance, Verdict
from storage.repository._queries import book_id, chunks, in_chapters, insert_unless_present
from storage.repository.decisions import is_rejected, is_settled, wanted_take
from storage.schema import BookRow, ChapterRow, DecisionRow, TakeRow, UtteranceRow

_CHOSEN = (
    (TakeRow.key == UtteranceRow.chosen_take_key)
    & (TakeRow.utterance_key == UtteranceRow.utterance_key)
    & TakeRow.lost.is_(False)
)
_HAS_CHOICE = exists().where(_CHOSEN)
_ACCEPTABLE = (
    (TakeRow.utterance_key == UtteranceRow.utterance_key)
    & (TakeRow.verdict == Verdict.OK)
    & TakeRow.lost.is_(False)
    & ~is_rejected(UtteranceRow.book_id, TakeRow.key)
)


class Takes:
    """The takes of all books. Chapters are given as 0-based indexes; None means all chapters.

    A take whose audio is gone is *lost*: it counts as if it were not there, until it is found or spoken again. What
    had chosen it keeps its choice, so that a disk that comes back brings everything back.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, takes: Iterable[Take]) -> None:
        """Adds takes. One whose key is present is left as it was, unless it is lost: same key, same audio.

        Raises `DatabaseError` when another key holds the same attempt of the same utterance key.
        """
        made_at = datetime.now(UTC)
        rows = {take.key: row_values(take, TakeRow, made_at=made_at, lost=False) for take in takes}
        insert_unless_present(self._session, TakeRow, list(rows.values()), replaced="lost")

    def get(self, key: str) -> Take:
        """Reads a take by its key. Raises `NotFoundError`, also for one that is lost."""
        row = self._session.get(TakeRow, key)
        if row is None or row.lost:
            raise NotFoundError("there is no such take any more: load the page again")
        return to_record(Take, row)

    def of(self, utterance_keys: Iterable[str]) -> dict[str, tuple[Take, ...]]:
        """Looks up the takes of each utterance key, in order of attempts; keys without a take are left out."""
        found: dict[str, list[Take]] = {}
        for take in self._of(utterance_keys, lost=False):
            found.setdefault(take.utterance_key, []).append(take)
        return {key: tuple(takes) for key, takes in found.items()}

    def lost(self, utterance_keys: Iterable[str]) -> tuple[Take, ...]:
        """Looks up the lost takes of these utterance keys."""
        return tuple(self._of(utterance_keys, lost=True))

    def _of(self, utterance_keys: Iterable[str], *, lost: bool) -> Iterator[Take]:
        for chunk in chunks(dict.fromkeys(utterance_keys)):
            query = select(TakeRow).where(TakeRow.utterance_key.in_(chunk), TakeRow.lost.is_(lost))
            yield from (to_record(Take, row) for row in self._session.scalars(query.order_by(TakeRow.attempt)))

    def audio(self, *, lost: bool = False, limit: int | None = None) -> dict[str, str]:
        """Lists the takes of all books, those that are lost or those that are not: key and artifact address.

        Those made last come first; `limit` is how many are wanted at most.
        """
        query = select(TakeRow.key, TakeRow.audio_sha256).where(TakeRow.lost.is_(lost))
        rows = self._session.execute(query.order_by(TakeRow.made_at.desc(), TakeRow.key).limit(limit))
        return {key: address for key, address in rows}

    def missing(self, source_sha256: str, chapters: Collection[int] | None = None) -> tuple[KeyedUtterance, ...]:
        """Lists what must still be rendered, in reading order: utterances with neither choice nor acceptable take.

        Of those with one key, the first stands for all. Utterances without a key (see `Books.assign_keys`) are not
        asked for. Raises `NotFoundError`.
        """
        query = (
            select(UtteranceRow)
            .where(
                UtteranceRow.book_id == book_id(self._session, source_sha256),
                in_chapters(UtteranceRow.chapter_index, chapters),
                UtteranceRow.utterance_key.is_not(None),
                ~_HAS_CHOICE,
                ~exists().where(_ACCEPTABLE),
            )
            .order_by(UtteranceRow.chapter_index, UtteranceRow.index)
        )
        first: dict[str, KeyedUtterance] = {}
        for row in self._session.scalars(query):
            assert row.utterance_key is not None
            if row.utterance_key not in first:
                first[row.utterance_key] = KeyedUtterance(to_record(Utterance, row), row.utterance_key)
        return tuple(first.values())

    def choose(self, source_sha256: str, choices: Mapping[str, str]) -> None:
        """Chooses takes: in this book, every utterance with the key on the left uses the take on the right.

        An earlier choice is replaced. Raises `NotFoundError`; `DatabaseError` for a take of another utterance key.
        """
        if not choices:
            return
        owner = book_id(self._session, source_sha256)
        statement = (
            update(UtteranceRow)
            .where(UtteranceRow.book_id == owner, UtteranceRow.utterance_key == bindparam("spoken_key"))
            .values(chosen_take_key=bindparam("take_key"))
        )
        parameters = [{"spoken_key": key, "take_key": take} for key, take in choices.items()]
        self._session.connection().execute(statement, parameters)

    def choices(self, source_sha256: str) -> dict[str, str]:
        """Looks up which take a book uses for each key; empty for a book that is not stored."""
        query = (
            select(UtteranceRow.utterance_key, UtteranceRow.chosen_take_key)
            .join(BookRow, BookRow.id == UtteranceRow.book_id)
            .where(BookRow.source_sha256 == source_sha256, UtteranceRow.chosen_take_key.is_not(None))
        )
        return {key: take for key, take in self._session.execute(query)}

    def choose_decided(self, source_sha256: str, keys: Collection[str] | None = None) -> None:
        """Chooses what people want, and takes away the choice of what they reject; of these keys, None: of all.

        Raises `NotFoundError`.
        """
        of_book = UtteranceRow.book_id == book_id(self._session, source_sha256)
        if keys is not None:
            of_book = of_book & UtteranceRow.utterance_key.in_(tuple(keys))
        wanted = wanted_take(UtteranceRow)
        rejected = is_rejected(UtteranceRow.book_id, UtteranceRow.chosen_take_key)
        for condition, choice in ((wanted.exists(), wanted.scalar_subquery()), (rejected, None)):
            statement = update(UtteranceRow).where(of_book, condition).values(chosen_take_key=choice)
            self._session.execute(statement.execution_options(synchronize_session=False))

    def utterance_keys(self, keys: Iterable[str]) -> frozenset[str]:
        """Looks up the utterance keys of takes by the takes' own; those that there are not are left out."""
        found: set[str] = set()
        for chunk in chunks(keys):
            found.update(self._session.scalars(select(TakeRow.utterance_key).where(TakeRow.key.in_(chunk))))
        return frozenset(found)

    def rejected(self, source_sha256: str) -> frozenset[str]:
        """Lists the keys of the takes that people reject in a book. Raises `NotFoundError`."""
        owner = book_id(self._session, source_sha256)
        query = select(DecisionRow.take_key).where(
            DecisionRow.book_id == owner, DecisionRow.kind == DecisionKind.REJECT, DecisionRow.ended_by.is_(None)
        )
        return frozenset(self._session.scalars(query))

    def choose_acceptable(self, source_sha256: str, chapters: Collection[int] | None = None) -> int:
        """Chooses the first acceptable take, of whatever book or run, for each utterance without a choice.

        Returns how many utterances got one. Raises `NotFoundError`.
        """
        acceptable = select(TakeRow.key).where(_ACCEPTABLE).order_by(TakeRow.attempt).limit(1)
        statement = (
            update(UtteranceRow)
            .where(
                UtteranceRow.book_id == book_id(self._session, source_sha256),
                in_chapters(UtteranceRow.chapter_index, chapters),
                ~_HAS_CHOICE,
                acceptable.exists(),
            )
            .values(chosen_take_key=acceptable.scalar_subquery())
            .execution_options(synchronize_session=False)
        )
        return self._session.connection().execute(statement).rowcount

    def chosen(self, source_sha256: str, chapter_index: int) -> tuple[ChosenTake, ...]:
        """Reads every utterance of a chapter with its chosen take, in reading order: what stitching needs.

        Raises `IncompleteError` when an utterance has none, so that no text is lost in silence; `NotFoundError`.
        """
        query = (
            select(UtteranceRow, TakeRow)
            .outerjoin(TakeRow, _CHOSEN)
            .where(
                UtteranceRow.book_id == book_id(self._session, source_sha256),
                UtteranceRow.chapter_index == chapter_index,
            )
            .order_by(UtteranceRow.index)
        )
        rows = self._session.execute(query).all()
        unspoken = [utterance.spoken for utterance, take in rows if take is None]
        if unspoken:
            raise IncompleteError(
                f"chapter {chapter_index + 1}: {len(unspoken)} of {len(rows)} utterances have no chosen take, "
                f"the first is {unspoken[0][:60]!r}: run the same command again"
            )
        return tuple(ChosenTake(to_record(Utterance, utterance), to_record(Take, take)) for utterance, take in rows)

    def flagged(self, source_sha256: str, chapters: Collection[int] | None = None) -> tuple[FlaggedUtterance, ...]:
        """Lists the utterances whose chosen take is doubtful and not approved by a person, in reading order.

        Raises `NotFoundError`.
        """
        query = (
            select(ChapterRow.title, UtteranceRow, TakeRow)
            .join(TakeRow, _CHOSEN)
            .join(
                ChapterRow,
                (ChapterRow.book_id == UtteranceRow.book_id) & (ChapterRow.index == UtteranceRow.chapter_index),
            )
            .where(
                UtteranceRow.book_id == book_id(self._session, source_sha256),
                in_chapters(UtteranceRow.chapter_index, chapters),
                TakeRow.verdict == Verdict.DOUBTFUL,
                ~is_settled(UtteranceRow.book_id, TakeRow.key),
            )
            .order_by(UtteranceRow.chapter_index, UtteranceRow.index)
        )
        return tuple(
            FlaggedUtterance(title, to_record(Utterance, utterance), to_record(Take, take))
            for title, utterance, take in self._session.execute(query)
        )

    def mark_lost(self, keys: Iterable[str]) -> None:
        """Notes that the audio of these takes is gone or damaged: they are missing, until found or spoken again."""
        self._set_lost(keys, lost=True)

    def mark_found(self, keys: Iterable[str]) -> None:
        """Notes that the audio of lost takes is back, whole: they are used as before."""
        self._set_lost(keys, lost=False)

    def _set_lost(self, keys: Iterable[str], *, lost: bool) -> None:
        for chunk in chunks(keys):
            self._session.execute(update(TakeRow).where(TakeRow.key.in_(chunk)).values(lost=lost))
