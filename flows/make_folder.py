"""The flow that starts a run for every book of a folder. Must not know how a book is made."""

from __future__ import annotations

import logging

from prefect import flow

from flows.order.batch import FolderRequest, unmade_books
from flows.run.fan_out import start_each
from flows.run.presence import introduce_process
from flows.run.reporting import send_logs
from flows.services import open_services, read_settings

logger = logging.getLogger(__name__)


@flow(name="make-folder", flow_run_name="{request.label}", persist_result=False)
def make_folder(request: FolderRequest) -> None:
    """Starts a run of `book-to-audio` for every book in a folder that has not been made yet.

    Args:
        request: which folder, and how its books are read.
    """
    send_logs()
    introduce_process()
    with open_services(read_settings()) as services:
        count = start_each("book-to-audio", unmade_books(services, request))
    logger.info("%d books were started", count)
