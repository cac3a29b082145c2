"""Task runs in a sliding window: a few submitted ahead, results handed on as they complete, memory flat.

Knows nothing of what the tasks do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from prefect.futures import PrefectFuture, as_completed

Result = TypeVar("Result")
Job = TypeVar("Job")


def gather(submit: Callable[[Job], PrefectFuture[Result]], jobs: Iterable[Job], *, in_flight: int) -> Iterator[Result]:
    """Submits every job, at most `in_flight` at a time, and yields the results in the order in which they complete.

    After a failure no further job is submitted; those under way are still waited for and their results yielded, so that
    no finished work is lost, and then the first error is raised.
    """
    pending: list[PrefectFuture[Result]] = []
    failure: BaseException | None = None
    waiting = iter(jobs)
    exhausted = False
    while True:
        while not exhausted and failure is None and len(pending) < in_flight:
            try:
                pending.append(submit(next(waiting)))
            except StopIteration:
                exhausted = True
        if not pending:
            break
        future = next(iter(as_completed(pending)))
        pending.remove(future)
        result = future.result(raise_on_failure=False)
        if isinstance(result, BaseException):
            failure = failure or result
        else:
            yield result
    if failure is not None:
        raise failure
