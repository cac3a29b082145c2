"""Takes an order from the run's row to its edition: what `book_to_audio` and `retry_failed` have in common.

Knows the order of the stages; must not know what is inside them.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from flows.order.alone import alone, clear_work
from flows.order.order import Order, prepare
from flows.order.outcome import check_coverage, outcome
from flows.order.report import RunReport
from flows.order.request import Request
from flows.progress import Progress, announce
from flows.run import policies
from flows.run.audio import check_audio
from flows.run.heartbeat import heartbeat
from flows.run.mastering import Mastering, publish
from flows.run.reporting import send_logs, show_report
from flows.run.synthesis import speak
from flows.run.tracker import Tracker
from flows.services import Services
from storage.records import KeyedUtterance, Master, RunState
from tasks.ingest.task import ingest_book
from tasks.segment.task import segment_book

logger = logging.getLogger(__name__)

Select = Callable[[Order], tuple[KeyedUtterance, ...]]


def prepare_in_flow(services: Services, request: Request) -> Order:
    """Prepares the order, with ingest and segment as task runs."""
    read = ingest_book.with_options(**policies.ONCE)
    segment = segment_book.with_options(**policies.ONCE)
    return prepare(services, request, read, segment)


def run_order(order: Order, flow: str, select: Select) -> RunReport:
    """Runs an order while no other run has its book. Arguments, result and errors: see `_run_alone`."""
    with alone(order) as certain:
        clear_work(order, certain=certain)
        try:
            return _run_alone(order, flow, select)
        finally:
            clear_work(order, certain=certain)


def _run_alone(order: Order, flow: str, select: Select) -> RunReport:
    """Speaks what `select` picks, then makes the edition.

    Args:
        order: checked and ready.
        flow: the flow's name, for the run's row.
        select: the utterances that need a (further) take, in reading order. It is called once the book is in the
            database with its keys, and utterances that have an acceptable take have it chosen.

    Raises `BookBusyError` when another process works on the book; otherwise what the stages raise, after the error is
    written into the run's row.
    """
    began = time.monotonic()
    send_logs()
    run_id = _open(order, flow)
    with _recorded(order, run_id), heartbeat(order.services.database, run_id):
        check_audio(order)
        todo = select(order)
        tracker = Tracker(run_id, f"progress-{order.source[:16]}", total=len(todo))
        tracker.begin()
        logger.info("%s: %d of %d utterances to speak", order.request.label, len(todo), len(order.keyed))
        masters, encoded = _make_masters(order, todo, tracker)
        announce(Progress("package", 0, 1))
        key, edition = publish(order, masters, encoded)
        announce(Progress("package", 1, 1))
        check_coverage(order, masters)
        report = outcome(order, edition, tracker.work, wall_seconds=time.monotonic() - began)
        with order.services.database.unit_of_work() as uow:
            uow.editions.save(run_id, edition, key)
            uow.runs.finish(run_id, report.state, f"{len(report.flagged)} flagged takes")
            uow.commit()
        tracker.finish()
        show_report(order.source, report)
    order.services.database.back_up()
    return report


def _make_masters(
    order: Order, todo: Sequence[KeyedUtterance], tracker: Tracker
) -> tuple[tuple[Master, ...], dict[str, Path]]:
    """Speaks the utterances, and masters and encodes each chapter as soon as all of it is spoken.

    Returns:
        See `Mastering.finish`.
    """
    with (
        Mastering(order, encode=bool(todo)) as mastering,
        closing(speak(order, todo, tracker, mastering.failed)) as spoken_chapters,
    ):
        for chapter in spoken_chapters:
            mastering.begin(chapter)
        return mastering.finish()


def _open(order: Order, flow: str) -> str:
    """Saves book, keys, choices and the run's row in one transaction: two processes cannot both begin."""
    with order.services.database.unit_of_work() as uow:
        uow.books.save(order.book, order.script)
        run_id = uow.runs.start(order.source, flow, order.record)
        uow.books.assign_keys(order.source, order.keyed)
        uow.takes.choose_acceptable(order.source, order.chapters)
        uow.commit()
    return run_id


@contextmanager
def _recorded(order: Order, run_id: str) -> Iterator[None]:
    """Makes the working folder, and writes an error that ends the block into the run's row."""
    order.working_folder.mkdir(parents=True)
    try:
        yield
    except BaseException as error:
        message = " ".join(str(error).split()) or type(error).__name__
        with order.services.database.unit_of_work() as uow:
            uow.runs.finish(run_id, RunState.FAILED, message)
            uow.commit()
        raise
