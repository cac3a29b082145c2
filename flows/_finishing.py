"""From chosen takes to an edition: stitch and master each chapter, then package. What is there is not made again.

Knows nothing of how audio is cut or encoded.
"""

from __future__ import annotations

from typing import Any

from prefect.utilities.annotations import quote

from flows import _policies as policies
from flows._order import Order
from flows._standing import chosen_takes, edition_content, find_edition, find_master
from storage.records import Edition, Master
from tasks.master.task import master as master_task
from tasks.package.task import package as package_task
from tasks.stitch.task import stitch as stitch_task


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
