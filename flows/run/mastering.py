"""Makes an edition of chosen takes: stitches and masters each chapter, then packages. What exists is not made again.

Knows nothing of how audio is cut or encoded.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from dataclasses import replace
from functools import cached_property
from typing import Any, Self

from prefect.utilities.annotations import quote

from flows.order.details import with_details
from flows.order.existing import chosen_takes, edition_content, find_master, recorded_edition
from flows.order.order import Order
from flows.progress import Progress, announce
from flows.run import policies
from flows.run.credits import make_credits
from flows.run.grain import Grain
from flows.run.names import mastering_name
from storage.records import Master
from storage.repository import UnitOfWork
from tasks import stopping
from tasks.disk import output_errors
from tasks.master.task import StitchJob, stitch_and_master
from tasks.package.audio.recordings import EncodedAudio, Recording
from tasks.package.edition import Published, is_published
from tasks.package.output import Output
from tasks.package.outputs import find_outputs
from tasks.package.place import Replace, published_audio
from tasks.package.task import package as package_task

TASK_RUNS_PER_STEP = 50  # see `Grain`: 250 task runs master 1,550 chapters
LOOK_SECONDS = 0.2


class Mastering:
    """Masters chapters in a thread of its own, one after another, while others are still being spoken.

    With `encode`, each output has them encoded as they come, in reading order: one thread for each output, which may
    wait for the next chapter, and one for each further processor, as encoders may be behind with what has come.
    """

    def __init__(self, order: Order, *, encode: bool) -> None:
        self._order = order
        self._masters: dict[int, Future[Master]] = {chapter: Future() for chapter in order.chapters}
        outputs = find_outputs(order.services.settings.package.outputs) if encode else ()
        self._pool = ThreadPoolExecutor(max_workers=1 + len(outputs), thread_name_prefix="finishing")
        encoders = max(1, len(outputs) + (os.cpu_count() or 1) - 1)
        self._encoders = ThreadPoolExecutor(encoders, thread_name_prefix="encoding")
        self._grain = Grain(TASK_RUNS_PER_STEP)
        self._ready: list[int] = []  # chapters for the next task run
        self._encoded = [self._pool.submit(self._stream, output) for output in outputs]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            for future in self._masters.values():
                future.cancel()
        for pool in (self._pool, self._encoders):
            pool.shutdown(cancel_futures=kind is not None)

    def begin(self, chapter: int) -> None:
        """Has a chapter mastered whose utterances all have takes; in long books, together with others."""
        self._ready.append(chapter)
        if len(self._ready) >= self._grain.pieces:
            self._master_ready()

    def _master_ready(self) -> None:
        if self._ready:
            self._grain.begin()
            self._pool.submit(copy_context().run, self._master, tuple(self._ready))
            self._ready.clear()

    def failed(self) -> bool:
        """Whether a chapter could not be mastered or encoded."""
        return any(future.done() and future.exception() is not None for future in self._futures)

    @property
    def _futures(self) -> set[Future[Any]]:
        """All that is under way or done; more is added by what is under way."""
        return {*self._masters.values(), *self._encoded}

    def finish(self) -> tuple[Master, ...]:
        """Waits for all chapters and encoders; raises the first error, or `Stopped` when the user asks for the end.

        Returns the masters in reading order.
        """
        self._master_ready()
        done: set[Future[Any]] = set()
        while waiting := self._futures - done:
            stopping.check()
            ended, _ = wait(waiting, LOOK_SECONDS, FIRST_EXCEPTION)
            for future in ended:
                future.result()  # raises what went wrong; after a chapter that failed others are never begun
            done |= ended
        return tuple(future.result() for future in self._masters.values())

    def _master(self, chapters: tuple[int, ...]) -> None:
        futures = [self._masters[chapter] for chapter in chapters]
        if not all([future.set_running_or_notify_cancel() for future in futures]):
            return
        try:
            masters = master_chapters(self._order, chapters)
        except BaseException as error:
            for future in futures:
                future.set_exception(error)
            raise
        for future, made in zip(futures, masters, strict=True):
            future.set_result(made)
        self._grain.end()
        done = sum(future.done() for future in self._masters.values())
        announce(Progress("master", done, len(self._masters), masters[-1].title))

    @cached_property
    def _audio(self) -> EncodedAudio:
        """Where encoded audio goes, and what lies in the order's folder already: one chapter may be all that is new."""
        order = self._order
        settings = order.services.settings.package
        published = published_audio(order.out, edition_content(order, ()), find_outputs(settings.outputs))
        order.encoded_folder.mkdir(parents=True, exist_ok=True)
        return EncodedAudio(order.encoded_folder, published)

    def _stream(self, output: Output) -> None:
        """Has the masters encoded as they come, as an output wants them."""
        masters = (future.result() for future in self._masters.values())
        with output_errors(self._order.encoded_folder):
            for recording in output.stream(masters, self._order.services.settings.package):
                self._encoded.append(self._encoders.submit(self._encode, recording))

    def _encode(self, recording: Recording) -> None:
        with output_errors(self._order.encoded_folder):
            self._audio.encode(self._order.services.store, [recording])


def master_chapters(order: Order, chapters: Sequence[int]) -> list[Master]:
    """Makes the masters of chapters that are all spoken, but for those that exist; commits rows after files.

    Returns them in the order of `chapters`.
    """
    masters: dict[int, Master] = {}
    keys: list[str] = []  # of the masters to make; chapters of the same words have the same
    jobs: list[StitchJob] = []
    for chapter in chapters:
        cues = chosen_takes(order, chapter)
        key, found = find_master(order, chapter, cues)
        if found is not None:
            masters[chapter] = found
        else:
            working = order.working_folder / f"{chapter:05d}.flac"
            keys.append(key)
            jobs.append(StitchJob(cues, order.book.chapters[chapter].title, chapter, working))
    if jobs:
        made = _stitch_and_master(order, jobs)

        def keep(uow: UnitOfWork) -> None:
            for key, master in zip(keys, made, strict=True):
                uow.masters.save(key, master)

        order.services.database.transact(keep)
        masters |= {master.chapter_index: master for master in made}
    return [masters[chapter] for chapter in chapters]


def _stitch_and_master(order: Order, jobs: list[StitchJob]) -> list[Master]:
    """Masters chapters in one task run."""
    settings = order.services.settings
    name = mastering_name([job.chapter_index for job in jobs])
    task = stitch_and_master.with_options(task_run_name=name, **policies.retrying(settings.execution))
    return task(order.services.store, quote(jobs), settings.stitch, settings.master)


def publish(order: Order, masters: tuple[Master, ...], replacing: Replace) -> tuple[str, Published]:
    """Publishes the edition, unless its files lie in the order's folder already. Saving its row is up to the caller.

    Args:
        order: what is published, and where.
        masters: of the order's chapters.
        replacing: which edition of the book may be replaced.

    Returns:
        The edition's key, and the edition with what it has replaced.
    """
    content = edition_content(order, masters)
    key, recorded = recorded_edition(order, content)
    if recorded is not None and is_published(recorded):
        return key, Published(recorded, ())
    written = frozenset(file.sha256 for file in recorded.files) if recorded is not None else frozenset()
    content = replace(with_details(order, content), credits=make_credits(order), written=written)
    settings = order.services.settings
    task = package_task.with_options(task_run_name="package", **policies.retrying(settings.execution))
    unwalked: Any = quote(content)  # arrives as the content itself, see `package`
    return key, task(order.out, order.services.store, unwalked, order.encoded_folder, replacing, _tell)


def _tell(done: int, total: int) -> None:
    """Announces how many recordings are encoded."""
    announce(Progress("package", done, total))
