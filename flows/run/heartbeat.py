"""Says from time to time, in a run's row, that the run lives: it may speak one batch for longer than others wait.

Knows nothing of what the run does.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from storage.database import Database
from storage.errors import StorageError

BEAT_SECONDS = 5.0

logger = logging.getLogger(__name__)


@contextmanager
def heartbeat(database: Database, run_id: str, every_s: float = BEAT_SECONDS) -> Iterator[None]:
    """Has a thread beat for the length of the block. A beat that fails is logged, and the next one is tried."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(every_s):
            try:
                database.transact(lambda uow: uow.runs.beat(run_id))
            except StorageError as error:
                logger.warning("run %s could not say that it lives: %s", run_id, error)

    thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(timeout=every_s)  # a beat may be waiting for another writer; the end of a run does not
