"""Sees to it that one run at a time works on a book: a lock of the file system, held for the length of the run.

The lock ends with the process that holds it, however that ends, and holds between containers that do not see each
other's processes. Between machines that share a database but no folder, the heartbeats of the runs' rows decide alone
(`storage.processes`). Knows nothing of what a run does.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from filelock import FileLock, Timeout

from flows.order.order import Order
from storage.errors import BookBusyError
from tasks.disk import output_errors


@contextmanager
def alone(order: Order) -> Iterator[None]:
    """Holds the book's lock for the length of the block. Raises `BookBusyError` when another process has it.

    Where the file system has no locks, nothing is held.
    """
    folder = order.services.settings.storage.folder / "locks"
    with output_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / f"{order.source[:16]}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise BookBusyError(f"another process works on {order.book.title!r}: wait for it or stop it") from error
        except NotImplementedError:  # filelock's word for a file system without flock
            pass
    try:
        yield
    finally:
        lock.release()


def clear_work(order: Order) -> None:
    """Removes what killed runs of the book left. For a run that is `alone`, before and after it works."""
    shutil.rmtree(order.working_folder.parent, ignore_errors=True)
