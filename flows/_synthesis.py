"""From utterances without audio to takes in the database: batches out, records back, each batch committed at once.

A take's file is in the store before its row is written, and takes are committed batch by batch, so a crash costs the
batches in flight and nothing else. Knows nothing of how a batch is spoken.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

from prefect.futures import PrefectFuture

from flows import _policies as policies
from flows._gathering import gather
from flows._order import Order
from flows._tracking import Tracker
from storage.records import KeyedUtterance, Take, VoiceRecord
from tasks.qa.verdict import best
from tasks.synthesize.batches import RenderItem, plan_batches
from tasks.synthesize.render import RenderJob
from tasks.synthesize.task import synthesize_batch


def forget_lost_audio(order: Order) -> int:
    """Forgets takes whose files are gone from the store, so that they are spoken again. Returns how many."""
    lost = []
    with order.services.database.snapshot() as uow:
        for takes in uow.takes.of(item.key for item in order.keyed).values():
            lost += [take.key for take in takes if not order.services.store.exists(take.audio_sha256)]
    if lost:
        with order.services.database.unit_of_work() as uow:
            uow.takes.remove(lost)
            uow.commit()
    return len(lost)


def speak(order: Order, utterances: Sequence[KeyedUtterance], tracker: Tracker, detail: str) -> None:
    """Speaks the utterances and commits their takes, each with the best one chosen.

    Utterances that have takes already get further ones. Raises the first error of a batch, after all others that were
    under way are committed.
    """
    began = time.monotonic()
    settings = order.services.settings
    task = synthesize_batch.with_options(**policies.retrying(settings.execution))

    def submit(batch: tuple[VoiceRecord, tuple[RenderItem, ...]]) -> PrefectFuture[list[Take]]:
        voice, items = batch
        job = RenderJob(
            items, voice, order.sampling, order.services.synthesize, settings.qa, settings.storage.artifacts
        )
        return task.submit(job)

    batches = [
        (voice, batch)
        for voice, own in _by_voice(order, utterances)
        for batch in plan_batches(
            _items(order, own),
            batch_seconds=policies.BATCH_AUDIO_SECONDS,
            max_items=settings.synthesize.batch_size,
        )
    ]
    for takes in gather(submit, batches, in_flight=min(settings.execution.threads, policies.POOL_THREADS)):
        spoken = {take.utterance_key for take in takes}
        tracker.spoken(len(spoken), takes, detail)
        _commit(order, spoken, takes, tracker)
    tracker.synthesis_seconds += time.monotonic() - began


def _by_voice(order: Order, utterances: Sequence[KeyedUtterance]) -> list[tuple[VoiceRecord, list[KeyedUtterance]]]:
    """The utterances of each voice, the narrator's first: a batch has one voice."""
    names = sorted({item.utterance.voice for item in utterances})
    own = {name: [item for item in utterances if item.utterance.voice == name] for name in names}
    return [(order.voice_of(items[0].utterance), items) for items in own.values()]


def _items(order: Order, utterances: Sequence[KeyedUtterance]) -> list[RenderItem]:
    """What to speak, each with the number of its next attempt."""
    with order.services.database.snapshot() as uow:
        existing = uow.takes.of(item.key for item in utterances)
    return [
        RenderItem(item.key, item.utterance.spoken, _next_attempt(existing.get(item.key, ()))) for item in utterances
    ]


def _next_attempt(takes: Iterable[Take]) -> int:
    return max((take.attempt for take in takes), default=-1) + 1


def _commit(order: Order, spoken: set[str], takes: list[Take], tracker: Tracker) -> None:
    """Rows and choices of one batch in one transaction."""
    with order.services.database.unit_of_work() as uow:
        uow.takes.add(takes)
        choices = {key: best(known).key for key, known in uow.takes.of(spoken).items()}
        uow.takes.choose(order.source, choices)
        uow.runs.progress(tracker.run_id, tracker.done, tracker.total)
        uow.commit()
