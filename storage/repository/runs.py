"""Runs: which process works on which book, how far it has come, how it ended. Must not know what a run does."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from storage.errors import BookBusyError, NotFoundError
from storage.mapping import to_record
from storage.processes import is_alive, this_process
from storage.records import Run, RunState
from storage.repository._queries import book_id
from storage.schema import BookRow, RunRow

INTERRUPTED = "interrupted: the process ended without saying how"


class Runs:
    """The runs of all books. The schema allows one running run per book."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def start(
        self,
        source_sha256: str,
        flow: str,
        request: Mapping[str, object],
        total: int = 0,
        *,
        heeded: int = 0,
        run_id: str | None = None,
    ) -> str:
        """Records that the calling process starts on a book; returns the run's id.

        `request` says what was asked for and must be fit for JSON, `heeded` is the newest decision that its script
        heeds. Who must be able to start the same run twice, because a server may cut the connection in its commit,
        draws the `run_id`. A run whose process is gone is recorded as failed first.
        Raises `BookBusyError` when its process lives, `NotFoundError`.
        """
        owner = book_id(self._session, source_sha256)
        now = datetime.now(UTC)
        running = self._session.scalar(select(RunRow).where(RunRow.book_id == owner, RunRow.state == RunState.RUNNING))
        if running is not None and running.id == run_id:
            return running.id
        if running is not None:
            if is_alive(running.process, running.heartbeat_at):
                raise BookBusyError(
                    f"another process has been working on this book since {running.started_at:%Y-%m-%d %H:%M} UTC "
                    f"(run {running.id}): wait for it or stop it"
                )
            self._close(running)
            self._session.flush()
        row = RunRow(
            id=run_id or uuid.uuid4().hex,
            book_id=owner,
            flow=flow,
            state=RunState.RUNNING,
            request=dict(request),
            done=0,
            total=total,
            message="",
            process=this_process(),
            started_at=now,
            heartbeat_at=now,
            finished_at=None,
            heeded=heeded,
        )
        self._session.add(row)
        self._session.flush()
        return row.id

    def close_interrupted(self) -> tuple[str, ...]:
        """Records runs whose process is gone as failed; returns the identities of their books."""
        query = select(RunRow, BookRow.source_sha256).join(BookRow).where(RunRow.state == RunState.RUNNING)
        closed = []
        for row, source in self._session.execute(query).all():
            if not is_alive(row.process, row.heartbeat_at):
                self._close(row)
                closed.append(source)
        self._session.flush()
        return tuple(closed)

    def progress(self, run_id: str, done: int, total: int) -> None:
        """Records that `done` utterances of `total` are finished and that the run lives.

        Raises `NotFoundError`; `BookBusyError` when the run was taken for dead and another has begun.
        """
        row = self._row(run_id)
        if row.state is RunState.FAILED and row.message == INTERRUPTED:
            raise BookBusyError(
                f"this run (run {run_id}) was silent for so long that another process has taken the book over: "
                "what was stored is kept, and the other run goes on"
            )
        row.done = done
        row.total = total
        row.heartbeat_at = datetime.now(UTC)
        self._session.flush()

    def beat(self, run_id: str) -> None:
        """Records that a run lives; one that has ended stays as it is."""
        running = (RunRow.id == run_id) & (RunRow.state == RunState.RUNNING)
        self._session.execute(update(RunRow).where(running).values(heartbeat_at=datetime.now(UTC)))

    def finish(self, run_id: str, state: RunState, message: str = "") -> None:
        """Records how a run ended: done, flagged, failed or stopped. Raises `NotFoundError`."""
        if state is RunState.RUNNING:
            raise ValueError("a run does not finish as running")
        now = datetime.now(UTC)
        row = self._row(run_id)
        row.state = state
        row.message = message
        row.heartbeat_at = now
        row.finished_at = now
        self._session.flush()

    def get(self, run_id: str) -> Run:
        """Reads a run. Raises `NotFoundError`."""
        row = self._row(run_id)
        return _record(row, self._session.get_one(BookRow, row.book_id).source_sha256)

    def of(self, source_sha256: str) -> tuple[Run, ...]:
        """Lists the runs of a book, the latest first. Raises `NotFoundError`."""
        owner = book_id(self._session, source_sha256)
        query = select(RunRow).where(RunRow.book_id == owner).order_by(RunRow.started_at.desc())
        return tuple(_record(row, source_sha256) for row in self._session.scalars(query))

    def move_book(self, source_sha256: str, before: str, after: str) -> None:
        """Records that a book's file, which runs were asked for by its path, lies elsewhere now."""
        owner = book_id(self._session, source_sha256)
        for row in self._session.scalars(select(RunRow).where(RunRow.book_id == owner)):
            if row.request.get("book") == before:
                row.request = {**row.request, "book": after}
        self._session.flush()

    def _close(self, row: RunRow) -> None:
        row.state = RunState.FAILED
        row.message = INTERRUPTED
        row.finished_at = datetime.now(UTC)

    def _row(self, run_id: str) -> RunRow:
        row = self._session.get(RunRow, run_id)
        if row is None:
            raise NotFoundError(f"there is no run {run_id!r} in the database: `talepress status` shows what there is")
        return row


def _record(row: RunRow, source_sha256: str) -> Run:
    interrupted = row.state is RunState.RUNNING and not is_alive(row.process, row.heartbeat_at)
    return to_record(Run, row, source_sha256=source_sha256, interrupted=interrupted)
