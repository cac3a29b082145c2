"""Turns utterances without audio into takes in the database: batches go out, records come back and are committed.

A take's file is in the store before its row is written, and takes are committed batch by batch, so a crash costs the
batches in flight and nothing else. Knows nothing of how a batch is spoken.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Generator, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from prefect.futures import PrefectFuture

from flows.order.order import Order
from flows.order.request import Retrial
from flows.run.grain import Grain
from flows.run.jobs import Batches, drop_receipts, import_pytorch, render_job, submit_job
from flows.run.names import speaking_name
from flows.run.runners import make_runner
from flows.run.tracker import Tracker
from flows.run.window import gather
from storage.records import Decision, DecisionKind, KeyedUtterance, Take, Verdict
from storage.repository import UnitOfWork
from tasks.errors import TalepressError
from tasks.qa.listeners.familiar import Familiar
from tasks.qa.listeners.rounds import Rounds
from tasks.qa.verdict import best
from tasks.synthesize.batches import Backlog, RenderItem, is_last_attempt
from tasks.synthesize.keys import take_key
from tasks.synthesize.render import SpokenBatch

TASK_RUNS_PER_STEP = 120  # see `Grain`: 600 task runs speak 3,700 batches, which are more than the longest novels


def speak(
    order: Order, utterances: Sequence[KeyedUtterance], tracker: Tracker, stop: Callable[[], bool]
) -> Generator[int, None, None]:
    """Speaks the utterances and commits their takes; after an utterance's last attempt its best take is chosen.

    Batches go across chapters. While one is in the engine, those before it are checked, stored and committed and the
    next one waits; a doubtful utterance comes back in a later batch.

    Args:
        order: whose utterances they are.
        utterances: those to speak, in reading order. Those that have takes already get further ones.
        tracker: is told of every batch.
        stop: is asked after each batch whether to submit no more.

    Yields:
        The number of each chapter of the order once all of it has been committed.

    Raises:
        The first error of a batch, after all others that were under way are committed; `TalepressError` when an
        utterance was lost on the way.
    """
    if not utterances:
        yield from order.chapters  # and no network is loaded
        return
    import_pytorch(order)
    refused = _refuse_takes(order, utterances)
    backlog = _backlog(order, utterances)
    unfinished = _Unfinished(order, utterances)
    ear = _Ear(order)
    execution = order.services.settings.execution
    under_way = _UnderWay(order)
    yield from unfinished.chapters_done()
    with make_runner(execution, render_job(order)) as runner:

        def submit(batches: Batches) -> PrefectFuture[SpokenBatch]:
            under_way.begin(batches)
            tracker.speaking(under_way.title)
            return submit_job(order, runner, batches, under_way.name_of(batches))

        for spoken in gather(submit, partial(under_way.next_of, backlog), runner.in_flight):
            batch = ear.heard(spoken)
            again = ear.to_repeat(batch)
            finished = {take.utterance_key for take in batch.takes} - again
            under_way.end(batch)
            tracker.spoken(finished, batch, under_way.title)
            _commit(order, finished, batch, tracker, refused)
            for key in again:
                backlog.put_back(key)
            if stop():
                backlog.clear()
            unfinished.finish(finished)
            yield from unfinished.chapters_done()
    if unfinished and not stop():
        raise TalepressError(
            f"{order.book.title}: nobody spoke all of chapter {unfinished.title!r}; please report the book"
        )


class _Ear:
    """Makes of hearings what is to be repeated; takes back doubts on words that are always heard alike."""

    def __init__(self, order: Order) -> None:
        settings = order.services.settings
        self._rounds = Rounds.of(settings.qa, settings.synthesize.preset)
        self._spoken = {item.key: item.utterance.spoken for item in order.keyed}
        self._familiar = Familiar(order.services.database.read(lambda uow: uow.hearings.of_book(order.source)))

    def heard(self, batch: SpokenBatch) -> SpokenBatch:
        """Learns from a batch, and returns it without the doubts that it takes back."""
        heard = [(take, batch.hearings.get(take.key), self._spoken[take.utterance_key]) for take in batch.takes]
        for _, hearing, spoken in heard:
            if hearing is not None:
                self._familiar.note(spoken, hearing)
        takes = [take if own is None else self._familiar.acquit(take, spoken, own) for take, own, spoken in heard]
        return replace(batch, takes=tuple(takes))

    def to_repeat(self, batch: SpokenBatch) -> set[str]:
        """Finds the keys of the utterances that get another take: the one they got is doubtful, and not their last."""
        return {
            take.utterance_key
            for take in batch.takes
            if take.verdict is Verdict.DOUBTFUL
            and not is_last_attempt(take.attempt, self._rounds.retakes(batch.hearings.get(take.key)))
        }


class _UnderWay:
    """Knows which batches are with the runner, and so where in the book the engine is, and how many go out together."""

    def __init__(self, order: Order) -> None:
        self._grain = Grain(TASK_RUNS_PER_STEP)
        self._chapters = order.book.chapters
        self._places: dict[str, tuple[int, int]] = {}  # by key: chapter and utterance, the first that has the text
        for item in order.keyed:
            self._places.setdefault(item.key, (item.utterance.chapter_index, item.utterance.index))
        self._batches: list[Batches] = []  # in the order in which they reach the engine

    @property
    def title(self) -> str:
        """The title of the chapter that is being spoken, of several in a batch the first; empty when none is."""
        if not self._batches:
            return ""
        chapter, _ = min(self._places[item.utterance_key] for items in self._batches[0] for item in items)
        return self._chapters[chapter].title

    def name_of(self, batches: Batches) -> str:
        """Names a task run that speaks these batches."""
        return speaking_name([self._places[item.utterance_key] for items in batches for item in items])

    def next_of(self, backlog: Backlog) -> Batches | None:
        """Takes as many batches off the backlog as make one task run; None while nothing waits."""
        return tuple(itertools.islice(iter(backlog.next_batch, None), self._grain.pieces)) or None

    def begin(self, batches: Batches) -> None:
        """Notes that batches go out."""
        self._grain.begin()
        self._batches.append(batches)

    def end(self, batch: SpokenBatch) -> None:
        """Notes that batches have come back, all of them or the first."""
        self._grain.end()
        first = batch.takes[0].utterance_key
        self._batches = [batches for batches in self._batches if batches[0][0].utterance_key != first]


class _Unfinished:
    """Knows which chapters of an order still wait for which utterances. A text may occur in many chapters."""

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

    def __bool__(self) -> bool:
        return bool(self._keys)

    def finish(self, keys: set[str]) -> None:
        """Notes that these utterances need no further take."""
        for waiting in self._keys.values():
            waiting.difference_update(keys)

    def chapters_done(self) -> list[int]:
        """Returns the chapters that wait for nothing any more; each is returned once."""
        done = [chapter for chapter, waiting in self._keys.items() if not waiting]
        for chapter in done:
            del self._keys[chapter]
        return done


def _refuse_takes(order: Order, utterances: Iterable[KeyedUtterance]) -> frozenset[str]:
    """Lists the takes of the utterances that a retrial names by their places: a new one is wanted in any case.

    That is a person's word, which lasts longer than the run.
    """
    places = order.request.places if isinstance(order.request, Retrial) else ()
    named = {item.key for item in order.keyed if (item.utterance.chapter_index, item.utterance.index) in places}

    def refuse(uow: UnitOfWork) -> frozenset[str]:
        existing = uow.takes.of(item.key for item in utterances if item.key in named)
        refused = frozenset(take.key for takes in existing.values() for take in takes)
        for key in sorted(refused):
            word = Decision(DecisionKind.REJECT, "talepress retry --only", datetime.now(UTC), take_key=key)
            uow.decisions.add(order.source, word)
        return refused

    return order.services.database.transact(refuse)


def _backlog(order: Order, utterances: Sequence[KeyedUtterance]) -> Backlog:
    """Queues the utterances, in batches as the settings say."""
    settings = order.services.settings.synthesize
    return Backlog(_items(order, utterances), batch_seconds=settings.batch_seconds, max_items=settings.batch_size)


def _items(order: Order, utterances: Sequence[KeyedUtterance]) -> list[RenderItem]:
    """Lists what to speak, each with the number of its next attempt."""
    keys = [item.key for item in utterances]
    existing = order.services.database.read(lambda uow: uow.takes.of(keys))
    rejected = order.services.database.read(lambda uow: uow.takes.rejected(order.source))
    return [
        RenderItem(
            item.key,
            item.utterance.spoken,
            _next_attempt(item.key, existing.get(item.key, ()), rejected),
            item.utterance.voice,
        )
        for item in utterances
    ]


def _next_attempt(key: str, takes: Iterable[Take], rejected: Collection[str]) -> int:
    """The lowest number that none of these takes has: a take that was lost is spoken again, with its own seed.

    One that people rejected is not: it would come out the same.
    """
    made = {take.attempt for take in takes}
    return next(number for number in itertools.count() if number not in made and take_key(key, number) not in rejected)


def _commit(order: Order, finished: set[str], batch: SpokenBatch, tracker: Tracker, refused: frozenset[str]) -> None:
    """Commits the rows of one batch and the choices of its finished utterances in one transaction."""

    def keep(uow: UnitOfWork) -> None:
        uow.takes.add(batch.takes)
        uow.hearings.save(batch.hearings)
        unwanted = refused | uow.takes.rejected(order.source)
        for key, known in uow.takes.of(finished).items():
            if wanted := [take for take in known if take.key not in unwanted]:
                uow.takes.choose(order.source, {key: best(wanted).key})
        uow.takes.choose_decided(order.source, finished)
        uow.runs.progress(tracker.run_id, tracker.done, tracker.total)

    order.services.database.transact(keep)
    drop_receipts(order, batch.takes)
