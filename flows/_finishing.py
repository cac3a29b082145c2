"""From chosen takes to an edition: stitch and master each chapter, then package. What is there is not made again.

Knows nothing of how audio is cut or encoded.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, Self

from prefect.utilities.annotations import quote

from flows import _policies as policies
from flows._order import Order
from flows._progress import Progress, announce
from flows._standing import chosen_takes, edition_content, find_edition, find_master
from storage.records import Edition, Master
from tasks.master.task import master as master_task
from tasks.package.task import package as package_task
from tasks.stitch.task import stitch as stitch_task


class Mastering:
    """Masters chapters in a thread of its own, one after another, while others are still being spoken."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="master")
        self._begun: dict[int, Future[Master]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._pool.shutdown(cancel_futures=kind is not None)

    def begin(self, chapter: int) -> None:
        """Has a chapter mastered whose utterances all have takes."""
        self._begun[chapter] = self._pool.submit(copy_context().run, self._master, chapter)

    def failed(self) -> bool:
        """Whether a chapter could not be mastered."""
        return any(future.done() and future.exception() is not None for future in self._begun.values())

    def masters(self) -> tuple[Master, ...]:
        """The masters of the order's chapters, in reading order. Waits for them, and raises their first error."""
        for future in self._begun.values():
            future.result()
        return tuple(self._begun[chapter].result() for chapter in self._order.chapters)

    def _master(self, chapter: int) -> Master:
        made = master_chapter(self._order, chapter)
        done = 1 + sum(future.done() for future in self._begun.values())
        announce(Progress("master", done, len(self._order.chapters), made.title))
        return made


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


def publish(order: Order, masters: tuple[Master, ...]) -> tuple[str, Edition]:
    """The edition with its content key. Its files are in place when this returns; its row is the caller's to save."""
    content = edition_content(order, masters)
    key, found = find_edition(order, content)
    if found is not None:
        return key, found
    settings = order.services.settings
    task = package_task.with_options(**policies.retrying(settings.execution))
    unwalked: Any = quote(content)  # arrives as the content itself, see `package`
    return key, task(order.out, settings.storage.artifacts, unwalked, settings.package)
