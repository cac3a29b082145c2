"""The flow that keeps a library and Prefect's database in order. Must not know how anything is checked or mended."""

from __future__ import annotations

import logging

from prefect import flow
from pydantic import BaseModel, ConfigDict, Field

from flows.actions.maintain import verify
from flows.operate.prune import prune
from flows.order.request import form_hints
from flows.run.presence import introduce_process
from flows.run.reporting import send_logs
from flows.services import open_services, read_settings
from tasks.errors import TalepressError

logger = logging.getLogger(__name__)


class Upkeep(BaseModel):
    """What is to be looked at besides what is always done."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    verify: bool = Field(
        default=False,
        title="Verify",
        description="Read every take, master and voice of every book, and compare it with what was written. Hours.",
        json_schema_extra=form_hints(0),
    )


@flow(name="maintain", flow_run_name="maintain", persist_result=False)
def maintain(request: Upkeep = Upkeep()) -> None:  # noqa: B008  # frozen
    """Backs up the database and removes old runs from Prefect's; on request, checks every byte. Fails for damage.

    Args:
        request: whether all audio is read as well.
    """
    send_logs()
    introduce_process()
    with open_services(read_settings()) as services:
        logger.info("%d old runs were removed from Prefect's database", prune())
        if not services.has_database():
            return
        services.database.back_up()
        logger.info("the database was backed up")
        health = verify(services) if request.verify else None
    for line in health.describe() if health else ():
        logger.info(line)
    if health and not health.ok:
        raise TalepressError("the library is damaged: `talepress maintain verify --repair` mends what can be mended")
