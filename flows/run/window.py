"""Task runs in a sliding window: a few submitted ahead, results handed on as they complete, memory flat.

Knows nothing of what the tasks do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from prefect.futures import PrefectFuture, as_completed

from tasks import stopping

Result = TypeVar("Result")
Job = TypeVar("Job")


def gather(
    submit: Callable[[Job], PrefectFuture[Result]], next_job: Callable[[], Job | None], *, in_flight: int
) -> Iterator[Result]:
    """Submits jobs, at most `in_flight` at a time, and yields the results in the order in which they complete.

    `next_job` returns None when there is nothing to do just now; what is done with a result may make new jobs.
    After a failure, or when the user has asked for the end, no further job is submitted; those under way are still
    waited for and their results yielded, so that no finished work is lost, and then the first error, or `Stopped`, is
    raised.
    """
    pending: list[PrefectFuture[Result]] = []
    failure: BaseException | None = None
    while True:
        while (
            failure is None
            and not stopping.requested()
            and len(pending) < in_flight
            and (job := next_job()) is not None
        ):
            pending.append(submit(job))
        if not pending:
            break
        future = next(iter(as_completed(pending)))
        pending.remove(future)
        result = _outcome(future)
        if isinstance(result, BaseException):
            failure = failure or result
        else:
            yield result
    stopping.check()
    if failure is not None:
        raise failure


def _outcome(future: PrefectFuture[Result]) -> Result | BaseException:
    """What became of a job: its result, or what it raised. A job that the user stopped raises past Prefect."""
    try:
        return future.result(raise_on_failure=False)
    except stopping.Stopped as stopped:
        return stopped
