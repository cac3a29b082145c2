"""Makes jobs of an order's texts, and gives them to whoever runs them.

Knows nothing of which texts are to be spoken, nor of rows.
"""

from __future__ import annotations

import importlib
import itertools
import logging
from collections.abc import Iterable
from typing import Any

from prefect.futures import PrefectFuture
from prefect.task_runners import TaskRunner

from flows.order.order import Order
from flows.run import policies
from storage.errors import StorageError
from storage.records import Take
from tasks.qa.listeners.registry import OFF
from tasks.synthesize.batches import RenderItem
from tasks.synthesize.engines import engine_kind
from tasks.synthesize.render import RenderJob, SpokenBatch
from tasks.synthesize.task import synthesize

Batches = tuple[tuple[RenderItem, ...], ...]

logger = logging.getLogger(__name__)


def render_job(order: Order, batches: Batches = ()) -> RenderJob:
    """Makes a job of batches, for whatever process; without any, it is what workers are tried by."""
    services = order.services
    names = {item.voice for item in itertools.chain.from_iterable(batches)}
    return RenderJob(
        batches=batches,
        voices={name: order.voices.get(name, order.voice) for name in names},
        sampling=order.sampling,
        engine=services.settings.synthesize.engine,
        model=services.settings.synthesize.model,
        model_digest=services.front_end.digest,
        precision=services.precision,
        qa=services.settings.qa,
        ears=services.settings.align.model,
        store=services.store,
    )


def import_pytorch(order: Order) -> None:
    """Imports PyTorch whole, where a run's jobs compute with it, before other threads do anything.

    SciPy, by which chapters are mastered in another thread, asks every array whether it is PyTorch's, and finds a
    module half imported where a batch imports it meanwhile. A run without networks spares itself the quarter of a GB.
    """
    settings = order.services.settings
    if engine_kind(settings.synthesize).has_networks or settings.qa.listen != OFF:
        importlib.import_module("torch")


def submit_job(order: Order, runner: TaskRunner[Any], batches: Batches, name: str) -> PrefectFuture[SpokenBatch]:
    """Gives batches to whatever process the runner chooses, in a task run of that name."""
    task = synthesize.with_options(task_run_name=name, **policies.retrying(order.services.settings.execution))
    return runner.submit(task, {"job": render_job(order, batches)})


def drop_receipts(order: Order, takes: Iterable[Take]) -> None:
    """Has the store forget under which keys takes lie: their rows say it now. A receipt that stays harms nobody."""
    try:
        order.services.store.drop_receipts([take.key for take in takes])
    except (StorageError, OSError):
        logger.debug("receipts could not be dropped", exc_info=True)
