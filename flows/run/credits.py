"""Has a book's credits spoken and mastered, as chapters are, where an output wants them.

Their takes are remembered by key; their masters are made each time, of the same takes with the same bytes. Knows
nothing of what is said in them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from prefect.utilities.annotations import quote

from flows.order.credits import credit_titles, credit_utterances
from flows.order.order import Order
from flows.run import policies
from flows.run.jobs import drop_receipts, import_pytorch, render_job, submit_job
from flows.run.runners import make_runner
from storage.records import ChosenTake, KeyedUtterance, Master, Take, Verdict
from storage.repository import UnitOfWork
from tasks.master.task import StitchJob, stitch_and_master
from tasks.qa.verdict import best
from tasks.synthesize.batches import RenderItem


def make_credits(order: Order) -> tuple[Master, ...]:
    """Makes the masters of the credits that the order's outputs want, in order; none where none does."""
    return tuple(_master(order, title) for title in credit_titles(order.services.settings.package))


def _master(order: Order, title: str) -> Master:
    services = order.services
    settings = services.settings
    utterances = credit_utterances(order, title)
    takes = _takes(order, utterances)
    cues = tuple(ChosenTake(item.utterance, takes[item.key]) for item in utterances)
    job = StitchJob(cues, title, 0, order.working_folder / f"{title}.flac")
    task = stitch_and_master.with_options(task_run_name=f"master {title}", **policies.retrying(settings.execution))
    (made,) = task(services.store, quote([job]), settings.stitch, settings.master)
    return replace(made, title=title)


def _takes(order: Order, utterances: Sequence[KeyedUtterance]) -> dict[str, Take]:
    """Returns the best take of each utterance by key; speaks until one is not doubted, as often as is allowed."""
    database = order.services.database
    keys = [item.key for item in utterances]
    for _ in range(1 + order.services.settings.qa.retakes):
        found = _whole_takes(order, keys)
        todo = [item for item in utterances if not any(take.verdict is Verdict.OK for take in found.get(item.key, ()))]
        if not todo:
            break
        made = _speak(order, [(item, _attempts(found.get(item.key, ()))) for item in todo])
        database.transact(partial(_keep, takes=made))
        drop_receipts(order, made)
    return {key: best(takes) for key, takes in _whole_takes(order, keys).items()}


def _keep(uow: UnitOfWork, takes: Sequence[Take]) -> None:
    uow.takes.add(takes)


def _attempts(takes: Sequence[Take]) -> int:
    """Returns the number of the next attempt; one that is lost is made again, with the seed that it had."""
    made = {take.attempt for take in takes}
    return next(attempt for attempt in range(len(made) + 1) if attempt not in made)


def _whole_takes(order: Order, keys: Sequence[str]) -> dict[str, tuple[Take, ...]]:
    """Looks up takes whose audio is there; notes which have lost it, as `flows.run.audio` does for chapters."""
    database = order.services.database
    found = database.read(lambda uow: uow.takes.of(keys))
    gone = [
        take.key for takes in found.values() for take in takes if not order.services.store.is_whole(take.audio_sha256)
    ]
    if not gone:
        return found
    database.transact(lambda uow: uow.takes.mark_lost(gone))
    return _whole_takes(order, keys)


def _speak(order: Order, wanted: Sequence[tuple[KeyedUtterance, int]]) -> tuple[Take, ...]:
    """Speaks utterances, each with the number of its attempt."""
    import_pytorch(order)
    batch = tuple(RenderItem(item.key, item.utterance.spoken, attempt) for item, attempt in wanted)
    execution = order.services.settings.execution.model_copy(update={"dask_workers": 1})  # for a sentence or two
    with make_runner(execution, render_job(order)) as runner:
        return submit_job(order, runner, (batch,), "speak credits").result().takes
