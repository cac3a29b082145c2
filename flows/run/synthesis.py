"""From utterances without audio to takes in the database: batches out, records back, each batch committed at once.

A take's file is in the store before its row is written, and takes are committed batch by batch, so a crash costs the
batches in flight and nothing else. Knows nothing of how a batch is spoken.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence

from prefect.futures import PrefectFuture

from flows.order.order import Order
from flows.run import policies
from flows.run.tracker import Tracker
from flows.run.window import gather
from storage.records import KeyedUtterance, Take, Verdict
from tasks.qa.verdict import best
from tasks.synthesize.batches import Backlog, RenderItem, is_last_attempt
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


def speak(
    order: Order, utterances: Sequence[KeyedUtterance], tracker: Tracker, stop: Callable[[], bool]
) -> Iterator[int]:
    """Speaks the utterances and commits their takes; each with its last attempt gets the best one chosen.

    Batches go across chapters. While one is in the engine, those before it are checked, stored and committed and the
    next one waits; a doubtful utterance comes back in a later batch.

    Args:
        order: whose utterances they are.
        utterances: those to speak, in reading order. Those that have takes already get further ones.
        tracker: hears of every batch.
        stop: asked after each batch whether to submit no more.

    Yields:
        The number of each chapter of the order once all of it has been committed.

    Raises:
        The first error of a batch, after all others that were under way are committed.
    """
    if not utterances:
        yield from order.chapters  # and no network is loaded
        return
    settings, speaker = order.services.settings, order.services.speaker
    began, worked = time.monotonic(), speaker.busy_seconds
    task = synthesize_batch.with_options(**policies.retrying(settings.execution))
    backlog = Backlog(
        _items(order, utterances),
        batch_seconds=settings.synthesize.batch_seconds,
        max_items=settings.synthesize.batch_size,
    )

    def submit(items: tuple[RenderItem, ...]) -> PrefectFuture[list[Take]]:
        voices = {item.voice: order.voices.get(item.voice, order.voice) for item in items}
        return task.submit(
            RenderJob(items, voices, order.sampling, order.services.synthesize, settings.qa, settings.storage.artifacts)
        )

    unfinished = _Unfinished(order, utterances)
    yield from unfinished.chapters_done()
    in_flight = min(settings.execution.threads, policies.POOL_THREADS)
    for takes in gather(submit, backlog.next_batch, in_flight=in_flight):
        again = {
            take.utterance_key
            for take in takes
            if take.verdict is Verdict.DOUBTFUL and not is_last_attempt(take.attempt, settings.qa.retakes)
        }
        finished = {take.utterance_key for take in takes} - again
        tracker.spoken(len(finished), takes, unfinished.title)
        _commit(order, finished, takes, tracker)
        for key in again:
            backlog.put_back(key)
        if stop():
            backlog.clear()
        unfinished.finish(finished)
        tracker.synthesis_seconds = time.monotonic() - began
        tracker.engine_seconds = speaker.busy_seconds - worked
        yield from unfinished.chapters_done()


class _Unfinished:
    """Which chapters of an order still wait for which utterances. A text may occur in many chapters."""

    def __init__(self, order: Order, utterances: Sequence[KeyedUtterance]) -> None:
        todo = {item.key for item in utterances}
        self._titles = {chapter: order.book.chapters[chapter].title for chapter in order.chapters}
        self._keys: dict[int, set[str]] = {chapter: set() for chapter in order.chapters}
        for item in order.keyed:
            if item.key in todo:
                self._keys[item.utterance.chapter_index].add(item.key)

    @property
    def title(self) -> str:
        """The title of the first chapter that is not done; empty when all are."""
        return self._titles[next(iter(self._keys))] if self._keys else ""

    def finish(self, keys: set[str]) -> None:
        """Strikes keys off."""
        for own in self._keys.values():
            own.difference_update(keys)

    def chapters_done(self) -> list[int]:
        """The chapters that wait for nothing any more, each named once."""
        done = [chapter for chapter, own in self._keys.items() if not own]
        for chapter in done:
            del self._keys[chapter]
        return done


def _items(order: Order, utterances: Sequence[KeyedUtterance]) -> list[RenderItem]:
    """What to speak, each with the number of its next attempt."""
    with order.services.database.snapshot() as uow:
        existing = uow.takes.of(item.key for item in utterances)
    return [
        RenderItem(item.key, item.utterance.spoken, _next_attempt(existing.get(item.key, ())), item.utterance.voice)
        for item in utterances
    ]


def _next_attempt(takes: Iterable[Take]) -> int:
    return max((take.attempt for take in takes), default=-1) + 1


def _commit(order: Order, finished: set[str], takes: list[Take], tracker: Tracker) -> None:
    """Rows of one batch, and the choices of its finished utterances, in one transaction."""
    with order.services.database.unit_of_work() as uow:
        uow.takes.add(takes)
        choices = {key: best(known).key for key, known in uow.takes.of(finished).items()}
        uow.takes.choose(order.source, choices)
        uow.runs.progress(tracker.run_id, tracker.done, tracker.total)
        uow.commit()
