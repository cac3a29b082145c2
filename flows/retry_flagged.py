"""The flow that starts a retry of every book with doubtful takes. Must not know what makes a take doubtful."""

from __future__ import annotations

import logging

from prefect import flow

from flows.order.batch import FlaggedRequest, flagged_books
from flows.run.fan_out import start_each
from flows.run.presence import introduce_process
from flows.run.reporting import send_logs
from flows.services import open_services, read_settings

logger = logging.getLogger(__name__)


@flow(name="retry-flagged", flow_run_name="retry-flagged", persist_result=False)
def retry_flagged(request: FlaggedRequest) -> None:
    """Starts a run of `retry-failed` for every book of the library that has doubtful takes.

    Args:
        request: which doubts, and with which preset.
    """
    send_logs()
    introduce_process()
    with open_services(read_settings()) as services:
        count = start_each("retry-failed", flagged_books(services, request))
    logger.info("%d books were started", count)
