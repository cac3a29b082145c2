"""Tells people and Prefect's automations how a run has ended: messages, each once, and events. No book fails by it.

Must not know how a message is sent, nor what was done.
"""

from __future__ import annotations

import logging

from prefect import runtime
from prefect.events import emit_event

from flows.order.report import RunReport
from flows.order.request import Request
from flows.services import open_services, read_settings
from storage.records import RunState
from tasks.notify.send import send

logger = logging.getLogger(__name__)

FINISHED = "finished"
FAILED = "failed"
REVIEW = "review"
EVENTS = {FINISHED: "talepress.book.finished", FAILED: "talepress.book.failed", REVIEW: "talepress.review.wanted"}


def tell_end(request: Request, report: RunReport) -> None:
    """Tells that a book is finished, or that people must hear it first."""
    if report.state is RunState.REVIEW:
        _tell(REVIEW, request, f"{report.title}: to be heard", f"{report.waits_for}\n{report.review}")
        return
    files = "\n".join(file.path for file in report.edition.files)
    _tell(FINISHED, request, f"{report.title}: finished", f"{len(report.flagged)} doubtful takes\n{files}")


def tell_failure(request: Request, error: BaseException) -> None:
    """Tells that a book could not be made."""
    _tell(FAILED, request, f"{request.label}: failed", " ".join(str(error).split()) or type(error).__name__)


def _tell(kind: str, request: Request, title: str, body: str) -> None:
    try:
        subject = f"{runtime.flow_run.id}-{runtime.flow_run.run_count}"  # a run that is tried again is news
        emit_event(
            EVENTS[kind],
            resource={"prefect.resource.id": f"talepress.run.{subject}", "prefect.resource.name": request.label},
            payload={"book": request.book, "title": title, "text": body},
        )
        with open_services(read_settings()) as services:
            addresses = services.settings.notify.addresses
            if not addresses:
                return
            # Before it is sent: once at most.
            is_news = services.database.transact(lambda uow: uow.notices.note(kind, subject))
        if is_news:
            send(addresses, title, body)
    except Exception:
        logger.warning("%s: nobody could be told", title, exc_info=True)
