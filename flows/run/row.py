"""The row of a run: it begins with what the run works on, and says at last why the run ended.

Knows nothing of what a run does in between.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from uuid import uuid4

from flows.order.order import Order
from flows.run import endings
from flows.services import Services
from storage.records import RunState
from storage.repository import UnitOfWork
from tasks import stopping


def open_row(order: Order, flow: str) -> str:
    """Saves book, keys, choices and the run's row in one transaction: two processes cannot both begin."""
    run_id = uuid4().hex

    def begin(uow: UnitOfWork) -> None:
        choices = uow.takes.choices(order.source)
        is_new_script = uow.books.save(order.book, order.script)
        uow.runs.start(order.source, flow, order.record, heeded=order.heeded, run_id=run_id)
        uow.books.assign_keys(order.source, order.keyed)
        if is_new_script:
            uow.takes.choose(order.source, choices)  # the best take of a text stays, though its row is another
        uow.takes.choose_decided(order.source)
        uow.takes.choose_acceptable(order.source, order.chapters)

    order.services.database.transact(begin)
    return run_id


@contextmanager
def recorded(order: Order, run_id: str) -> Iterator[None]:
    """Makes the working folder, and writes into the run's row why the block was left."""
    order.working_folder.mkdir(parents=True)
    try:
        with stopping.orderly(partial(_record_stop, order.services, run_id)):
            yield
    except BaseException as error:
        state = RunState.STOPPED if stopping.requested() else RunState.FAILED
        message = endings.STOPPED_BY_USER if stopping.requested() else " ".join(str(error).split())
        reason = message or type(error).__name__
        order.services.database.transact(lambda uow: uow.runs.finish(run_id, state, reason))
        raise


def _record_stop(services: Services, run_id: str) -> None:
    """Writes into the row of a run that is under way that the user stopped it. For a thread of its own."""

    def stop(uow: UnitOfWork) -> None:
        if uow.runs.get(run_id).state is RunState.RUNNING:
            uow.runs.finish(run_id, RunState.STOPPED, endings.STOPPED_BY_USER)

    services.database.transact(stop)
