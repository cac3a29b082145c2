"""Makes an edition of chosen takes: stitches and masters each chapter, then packages. What exists is not made again.

Knows nothing of how audio is cut or encoded.
"""

from __future__ import annotations

from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from dataclasses import replace
from functools import cached_property
from typing import Any, Self

from prefect.utilities.annotations import quote

from flows.order.existing import chosen_takes, edition_content, find_edition, find_master
from flows.order.order import Order
from flows.progress import Progress, announce
from flows.run import policies
from flows.run.credits import make_credits
from storage.records import Master
from tasks import stopping
from tasks.disk import output_errors
from tasks.master.task import master as master_task
from tasks.package.audio.recordings import EncodedAudio
from tasks.package.edition import Published
from tasks.package.output import Output
from tasks.package.outputs import find_outputs
from tasks.package.place import Replace, published_audio
from tasks.package.task import package as package_task
from tasks.stitch.task import stitch as stitch_task

LOOK_SECONDS = 0.2


class Mastering:
    """Masters chapters in a thread of its own, one after another, while others are still being spoken.

    With `encode`, each output has them encoded in a thread of its own as they come, in reading order.
    """

    def __init__(self, order: Order, *, encode: bool) -> None:
        self._order = order
        self._masters: dict[int, Future[Master]] = {chapter: Future() for chapter in order.chapters}
        outputs = find_outputs(order.services.settings.package.outputs) if encode else ()
        self._pool = ThreadPoolExecutor(max_workers=1 + len(outputs), thread_name_prefix="finishing")
        self._encoded = [self._pool.submit(self._encode, output) for output in outputs]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            for future in self._masters.values():
                future.cancel()
        self._pool.shutdown(cancel_futures=kind is not None)

    def begin(self, chapter: int) -> None:
        """Has a chapter mastered whose utterances all have takes."""
        self._pool.submit(copy_context().run, self._master, chapter)

    def failed(self) -> bool:
        """Whether a chapter could not be mastered or encoded."""
        futures: list[Future[Any]] = [*self._masters.values(), *self._encoded]
        return any(future.done() and future.exception() is not None for future in futures)

    def finish(self) -> tuple[Master, ...]:
        """Waits for all chapters and encoders; raises the first error, or `Stopped` when the user asks for the end.

        Returns the masters in reading order.
        """
        waiting: set[Future[Any]] = {*self._masters.values(), *self._encoded}
        while waiting:
            stopping.check()
            done, waiting = wait(waiting, LOOK_SECONDS, FIRST_EXCEPTION)
            for future in done:
                future.result()  # raises what went wrong; after a chapter that failed others are never begun
        return tuple(future.result() for future in self._masters.values())

    def _master(self, chapter: int) -> None:
        future = self._masters[chapter]
        if not future.set_running_or_notify_cancel():
            return
        try:
            made = master_chapter(self._order, chapter)
        except BaseException as error:
            future.set_exception(error)
            raise
        future.set_result(made)
        done = sum(future.done() for future in self._masters.values())
        announce(Progress("master", done, len(self._masters), made.title))

    @cached_property
    def _audio(self) -> EncodedAudio:
        """Where encoded audio goes, and what lies in the order's folder already: one chapter may be all that is new."""
        order = self._order
        settings = order.services.settings.package
        published = published_audio(order.out, edition_content(order, ()), find_outputs(settings.outputs))
        order.encoded_folder.mkdir(parents=True, exist_ok=True)
        return EncodedAudio(order.encoded_folder, published)

    def _encode(self, output: Output) -> None:
        """Has the masters encoded as they come, as an output wants them."""
        services = self._order.services
        masters = (future.result() for future in self._masters.values())
        with output_errors(self._order.encoded_folder):
            for recording in output.stream(masters, services.settings.package):
                self._audio.encode(services.store, recording)


def master_chapter(order: Order, chapter: int) -> Master:
    """Makes the master of a chapter that is all spoken, unless it exists; commits its row after its file."""
    cues = chosen_takes(order, chapter)
    key, found = find_master(order, chapter, cues)
    if found is not None:
        return found
    settings = order.services.settings
    options = policies.retrying(settings.execution)
    working = order.working_folder / f"{chapter:05d}.flac"
    stitched = stitch_task.with_options(**options)(order.services.store, quote(cues), settings.stitch, working)
    title = order.book.chapters[chapter].title
    made = master_task.with_options(**options)(order.services.store, stitched, title, chapter, settings.master)
    working.unlink(missing_ok=True)
    with order.services.database.unit_of_work() as uow:
        uow.masters.save(key, made)
        uow.commit()
    return made


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
    key, found = find_edition(order, content)
    if found is not None:
        return key, Published(found, ())
    content = replace(content, credits=make_credits(order))
    settings = order.services.settings
    task = package_task.with_options(**policies.retrying(settings.execution))
    unwalked: Any = quote(content)  # arrives as the content itself, see `package`
    return key, task(order.out, order.services.store, unwalked, order.encoded_folder, replacing, _tell)


def _tell(done: int, total: int) -> None:
    """Announces how many recordings are encoded."""
    announce(Progress("package", done, total))
