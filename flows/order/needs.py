"""Checks what some settings need: packages, who listens for words, a book's file that outputs can be made of.

Finds nothing itself: `flows.order.details` does, once there is something to publish. Knows nothing of Prefect.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from configs.settings import Settings
from tasks.align.timers import word_timer
from tasks.align.words import WordTimer
from tasks.errors import BadInputError
from tasks.ingest.book import can_be_traced
from tasks.models.catalogue import find_model
from tasks.package.outputs import find_outputs
from tasks.qa.listeners.registry import OFF, get_listener


def check_needs(settings: Settings, book: Path) -> None:
    """Raises `BadInputError` where an output cannot have what it wants to know, or nobody can listen as is asked for.

    That is before anything is spoken for hours.
    """
    check_runner(settings)
    if settings.qa.listen != OFF:
        get_listener(settings.qa.listen, find_model(settings.storage, settings.align.model).path)
    timer_of(settings)
    outputs = find_outputs(settings.package.outputs)
    if not any(output.needs_origins for output in outputs):
        return
    data = book.read_bytes() if book.is_file() else b""
    if not data or not can_be_traced(book, data):
        raise BadInputError(
            f"{book.name} is no EPUB, and only an EPUB can become a read-along: convert it, or leave readalong out"
        )
    for output in outputs:
        if output.needs_origins:
            output.check_source(book.name, data)


def check_runner(settings: Settings) -> None:
    """Raises `BadInputError` where what shall run the batches is not installed."""
    if settings.execution.runner == "dask" and find_spec("prefect_dask") is None:
        raise BadInputError("execution.runner is \"dask\", which needs packages: pip install 'talepress[dask]'")


def timer_of(settings: Settings) -> WordTimer | None:
    """Who listens for words, None where no output wants their times. Raises `BadInputError`, `CheckpointError`."""
    if not any(output.needs_words for output in find_outputs(settings.package.outputs)):
        return None
    return word_timer(settings.align, find_model(settings.storage, settings.align.model).path)
