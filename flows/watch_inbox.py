"""The flow that looks at the inbox. It is due every minute; must not know what is done with what lies there."""

from __future__ import annotations

import logging

from prefect import flow

from flows.actions import inbox
from flows.operate.runs import DeployedRuns
from flows.run.presence import introduce_process
from flows.run.reporting import send_logs
from flows.services import open_services, read_settings

logger = logging.getLogger(__name__)


@flow(name="inbox", flow_run_name="inbox", persist_result=False)
def watch_inbox() -> str:
    """Takes what was dropped into the inbox, begins runs, and delivers to the outbox what is made."""
    send_logs()
    introduce_process()  # while a lost look seems to be under way, no other begins
    settings = read_settings()
    with open_services(settings) as services:
        done = inbox.scan(services, DeployedRuns(settings.production.tries))
    logger.info(done.sentence())
    return done.sentence()
