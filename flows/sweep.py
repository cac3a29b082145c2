"""The flow that finds runs whose process is gone and starts them again. Must not know how they are found."""

from __future__ import annotations

import logging

from prefect import flow

from flows.operate import sweep as sweeping
from flows.run.presence import introduce_process
from flows.run.reporting import send_logs
from flows.services import open_services, read_settings

logger = logging.getLogger(__name__)


@flow(name="sweep", flow_run_name="sweep", persist_result=False)
def sweep() -> None:
    """Finds runs whose process is gone, and starts them again where tries are left (`production.tries`)."""
    send_logs()
    introduce_process()
    with open_services(read_settings()) as services:
        logger.info(sweeping.sweep(services).sentence())
