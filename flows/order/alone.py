"""Sees to it that one run at a time works on a book: a lock of the file system, held for the length of the run.

The lock ends with the process that holds it, however that ends, and holds between containers that do not see each
other's processes. Between machines that share a database but no folder, the heartbeats of the runs' rows decide alone
(`storage.processes`). Knows nothing of what a run does.
"""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from storage.errors import BookBusyError
from tasks.disk import output_errors

if TYPE_CHECKING:  # who sweeps makes no order
    from flows.order.order import Order

_NO_LOCKS = frozenset({errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOLCK})  # of flock, where a file system has none


def _lock(folder: Path, source: str) -> FileLock:
    """Makes a book's lock, which must be the file system's.

    In place of one, filelock would have a file that lies there until a process of the same host takes it away: the book
    of a container that was killed would be locked for ever.
    """
    return FileLock(folder / f"{source[:16]}.lock", fallback_to_soft=False)


@contextmanager
def alone(order: Order) -> Iterator[bool]:
    """Holds the book's lock for the length of the block. Raises `BookBusyError` when another process has it.

    Yields whether that is certain: a file system may have no locks, and then nothing is held.
    """
    folder = order.services.settings.storage.folder / "locks"
    with output_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        lock = _lock(folder, order.source)
        try:
            lock.acquire(timeout=0)
            certain = True
        except Timeout as error:
            raise BookBusyError(f"another process works on {order.book.title!r}: wait for it or stop it") from error
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise
            certain = False
    try:
        yield certain
    finally:
        lock.release()


def clear_lost_work(home: Path, source: str) -> None:
    """Removes the working folders of a book's lost runs, unless one of them, or another run, is at work after all."""
    lock = _lock(home / "locks", source)
    try:
        with lock.acquire(timeout=0):
            shutil.rmtree(home / "work" / source[:16], ignore_errors=True)
    except (Timeout, OSError):
        return  # the next run of the book removes them


def clear_work(order: Order, *, certain: bool) -> None:
    """Removes the order's working folder, and where it is certainly `alone`, what killed runs of the book left."""
    shutil.rmtree(order.working_folder.parent if certain else order.working_folder, ignore_errors=True)
