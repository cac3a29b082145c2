"""Takes an order from the run's row to its edition: what `book_to_audio` and `retry_failed` have in common.

Knows the order of the stages; must not know what is inside them.
"""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from uuid import UUID

from prefect import runtime
from prefect.client.schemas.objects import State

from flows.order.alone import alone, clear_work
from flows.order.awaited import awaited
from flows.order.delivery import check_edition
from flows.order.details import keep_book_file
from flows.order.order import Order, prepare
from flows.order.outcome import check_coverage, outcome, unpublished
from flows.order.report import RunReport
from flows.order.request import Request
from flows.order.review import has_doubts, page_path, write_page
from flows.progress import Progress, announce
from flows.run import endings, policies
from flows.run.audio import check_audio
from flows.run.heartbeat import heartbeat
from flows.run.mastering import Mastering, publish
from flows.run.notices import tell_end, tell_failure
from flows.run.presence import introduce_book, introduce_process
from flows.run.reach import attempt, require_server
from flows.run.reporting import send_logs, show_report
from flows.run.row import open_row, recorded
from flows.run.synthesis import speak
from flows.run.tracker import Tracker
from flows.services import Services, open_services, read_settings
from storage.records import Edition, KeyedUtterance, Master
from storage.repository import UnitOfWork
from tasks import stopping
from tasks.errors import TalepressError
from tasks.ingest.task import ingest_book
from tasks.package.place import Replace
from tasks.segment.task import segment_book
from tasks.synthesize.batches import speech_seconds

logger = logging.getLogger(__name__)

Select = Callable[[Order], tuple[KeyedUtterance, ...]]


def run_request(request: Request, flow: str, select: Select, replacing: Replace) -> RunReport | State[RunReport]:
    """All that a door does: prepares the order, runs it, and names how it ended.

    Args:
        request: what is asked for.
        flow: the flow's name, for the run's row.
        select: see `run_order`.
        replacing: which edition of the book the new one may replace where the request does not say `overwrite`.

    Returns:
        The report, or the state that the flow run ends in: see `flows.run.endings`.

    Raises what `prepare` and the stages raise; either is carried by `UnrecordedEnd` where Prefect's server is gone.
    """
    flow_run_id = UUID(runtime.flow_run.id)
    replacing = Replace.ANY if request.overwrite else replacing
    with stopping.heeding_signals(), stopping.orderly(partial(endings.cancel, flow_run_id)):
        attempt(introduce_process)
        try:
            with open_services(read_settings(**request.overrides)) as services:
                report = run_order(prepare_in_flow(services, request), flow, select, replacing)
        except BaseException as error:
            if not stopping.requested():
                tell_failure(request, error)
                require_server(flow_run_id, error=error)
                raise
            logger.info("%s: stopped by the user", request.label, exc_info=True)
            return endings.stopped()
        tell_end(request, report)
        require_server(flow_run_id, report)
        return endings.of(report)


def prepare_in_flow(services: Services, request: Request) -> Order:
    """Prepares the order, with ingest and segment as task runs."""
    read = ingest_book.with_options(task_run_name="ingest", **policies.ONCE)
    segment = segment_book.with_options(task_run_name="segment", **policies.ONCE)
    return prepare(services, request, read, segment)


def run_order(order: Order, flow: str, select: Select, replacing: Replace) -> RunReport:
    """Runs an order while no other run has its book. Arguments, result and errors: see `_run_alone`."""
    with alone(order) as certain:
        clear_work(order, certain=certain)
        try:
            return _run_alone(order, flow, select, replacing)
        finally:
            clear_work(order, certain=certain)


def _run_alone(order: Order, flow: str, select: Select, replacing: Replace) -> RunReport:
    """Speaks what `select` picks, then makes the edition.

    Args:
        order: checked and ready.
        flow: the flow's name, for the run's row.
        select: the utterances that need a (further) take, in reading order. It is called once the book is in the
            database with its keys, and utterances that have an acceptable take have it chosen.
        replacing: which edition of the book the new one may replace.

    Raises `BookBusyError` when another process works on the book; otherwise what the stages raise, `Stopped` among it,
    after it is written into the run's row.
    """
    began = time.monotonic()
    send_logs()
    stopping.check()
    attempt(partial(introduce_book, order))
    run_id = open_row(order, flow)
    with recorded(order, run_id), heartbeat(order.services.database, run_id):
        check_audio(order)
        keep_book_file(order)
        todo = select(order)
        expected = {item.key: speech_seconds(item.utterance.spoken) for item in todo}
        tracker = Tracker(run_id, f"progress-{order.source[:16]}", expected)
        tracker.begin()
        logger.info("%s: %d of %d utterances to speak", order.request.label, len(todo), len(order.keyed))
        masters = _make_masters(order, todo, tracker)
        stopping.check()
        check_coverage(order, masters)
        waits_for = awaited(order)
        if waits_for:
            report = _hold(order, masters, tracker, run_id, waits_for)
        else:
            report = _publish(order, masters, tracker, run_id, replacing)
        report = replace(report, wall_seconds=time.monotonic() - began)
        tracker.finish()
        attempt(partial(show_report, order.source, report))
    order.services.database.back_up()
    return report


def _publish(order: Order, masters: tuple[Master, ...], tracker: Tracker, run_id: str, replacing: Replace) -> RunReport:
    """Publishes the edition and writes into the run's row that it is done. Returns the report."""
    announce(Progress("package", 0, 1))
    key, published = publish(order, masters, replacing)
    edition = published.edition
    _write_page(order, edition)
    deliveries = check_edition(edition, order.services.settings.package)
    report = outcome(order, masters, edition, tracker.work, wall_seconds=0.0, replaced=published.replaced)

    def keep(uow: UnitOfWork) -> None:
        uow.editions.save(run_id, edition, key)
        uow.runs.finish(run_id, report.state, f"{len(report.flagged)} flagged takes")

    order.services.database.transact(keep)
    shutil.rmtree(order.encoded_folder, ignore_errors=True)
    return replace(report, deliveries=deliveries)


def _hold(order: Order, masters: tuple[Master, ...], tracker: Tracker, run_id: str, waits_for: str) -> RunReport:
    """Publishes nothing, and writes into the run's row what waits for a person. Returns the report."""
    edition = unpublished(order, masters)
    report = outcome(order, masters, edition, tracker.work, wall_seconds=0.0, waits_for=waits_for)
    order.services.database.transact(lambda uow: uow.runs.finish(run_id, report.state, waits_for))
    return report


def _write_page(order: Order, edition: Edition) -> None:
    """Writes the review page where something is doubtful, and again where there was one. A book is whole without."""
    path = page_path(order, edition)
    try:
        if path.exists() or has_doubts(order):
            write_page(order, edition, path)
    except TalepressError:
        logger.warning("the review page %s could not be written", path, exc_info=True)


def _make_masters(order: Order, todo: Sequence[KeyedUtterance], tracker: Tracker) -> tuple[Master, ...]:
    """Speaks the utterances; masters and encodes each chapter as soon as all of it is spoken. Returns the masters."""
    stopping.check()
    with (
        Mastering(order, encode=bool(todo) and order.request.review == "none") as mastering,
        closing(speak(order, todo, tracker, mastering.failed)) as spoken_chapters,
    ):
        for chapter in spoken_chapters:
            mastering.begin(chapter)
        return mastering.finish()
