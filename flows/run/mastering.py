"""From chosen takes to an edition: stitch and master each chapter, then package. What is there is not made again.

Knows nothing of how audio is cut or encoded.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from pathlib import Path
from typing import Any, Self

from prefect.utilities.annotations import quote

from flows.order.existing import chosen_takes, edition_content, find_edition, find_master
from flows.order.order import Order
from flows.progress import Progress, announce
from flows.run import policies
from storage.records import Edition, Master
from tasks.master.task import master as master_task
from tasks.package.m4b import encode_aac
from tasks.package.task import package as package_task
from tasks.stitch.task import stitch as stitch_task


class Mastering:
    """Masters chapters in a thread of its own, one after another, while others are still being spoken.

    With `encode`, another thread encodes them for the audiobook as they come, in reading order.
    """

    def __init__(self, order: Order, *, encode: bool) -> None:
        self._order = order
        self._masters: dict[int, Future[Master]] = {chapter: Future() for chapter in order.chapters}
        self._pool = ThreadPoolExecutor(max_workers=1 + encode, thread_name_prefix="finishing")
        self._encoding = self._pool.submit(self._encode) if encode else None

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
        futures: list[Future[Any]] = [*self._masters.values(), *([self._encoding] if self._encoding else [])]
        return any(future.done() and future.exception() is not None for future in futures)

    def finish(self) -> tuple[tuple[Master, ...], Path | None]:
        """The masters in reading order, and the file of their encoded audio. Waits for them; raises the first error."""
        for future in self._masters.values():
            if future.done():
                future.result()  # a chapter that failed is the reason why others were never begun
        encoded = self._encoding.result() if self._encoding else None
        return tuple(future.result() for future in self._masters.values()), encoded

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

    def _encode(self) -> Path:
        path = self._order.working_folder / "audiobook.m4a"
        settings = self._order.services.settings
        encode_aac(path, self._order.services.store, (f.result() for f in self._masters.values()), settings.package)
        return path


def master_chapter(order: Order, chapter: int) -> Master:
    """The master of a chapter whose utterances all have takes; its row is committed after its file."""
    cues = chosen_takes(order, chapter)
    key, found = find_master(order, chapter, cues)
    if found is not None:
        return found
    settings = order.services.settings
    options = policies.retrying(settings.execution)
    working = order.working_folder / f"{chapter:05d}.flac"
    stitched = stitch_task.with_options(**options)(
        settings.storage.artifacts, quote(cues), settings.stitch, working, opens_book=chapter == order.chapters[0]
    )
    title = order.book.chapters[chapter].title
    made = master_task.with_options(**options)(settings.storage.artifacts, stitched, title, chapter, settings.master)
    working.unlink(missing_ok=True)
    with order.services.database.unit_of_work() as uow:
        uow.masters.save(key, made)
        uow.commit()
    return made


def publish(order: Order, masters: tuple[Master, ...], encoded: Path | None) -> tuple[str, Edition]:
    """The edition with its content key, of masters and, where that is done, their encoded audio.

    Its files are in place when this returns; its row is the caller's to save.
    """
    content = edition_content(order, masters)
    key, found = find_edition(order, content)
    if found is not None:
        return key, found
    settings = order.services.settings
    task = package_task.with_options(**policies.retrying(settings.execution))
    unwalked: Any = quote(content)  # arrives as the content itself, see `package`
    return key, task(order.out, settings.storage.artifacts, unwalked, settings.package, encoded)
