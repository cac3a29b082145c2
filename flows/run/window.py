"""Task runs in a sliding window: a few submitted ahead, results handed on as they complete, memory flat.

A job whose runner has lost it is submitted again, a few times. Knows nothing of what the tasks do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from queue import Empty, SimpleQueue
from typing import TypeVar

from prefect.futures import PrefectFuture

from tasks import stopping
from tasks.errors import TransientError

LOOK_SECONDS = 2.0
MOST_LOSSES = 3  # of one job: it may be what its runners die of

Result = TypeVar("Result")
Job = TypeVar("Job")


class JobLostError(TransientError):
    """Whoever ran a job is gone, and what has become of the job is not known."""


def gather(
    submit: Callable[[Job], PrefectFuture[Result]], next_job: Callable[[], Job | None], in_flight: Callable[[], int]
) -> Iterator[Result]:
    """Submits jobs, and yields the results in the order in which they complete.

    After a failure, or when the user has asked for the end, no further job is submitted; those under way are still
    waited for and their results yielded, so that no finished work is lost, and then the first error, or `Stopped`, is
    raised.

    Args:
        submit: has a job run.
        next_job: returns None when there is nothing to do just now; what is done with a result may make new jobs.
        in_flight: how many jobs may be under way. It is asked every few seconds, and what it raises ends the waiting.
    """
    pending: dict[PrefectFuture[Result], tuple[Job, int]] = {}  # with how often the job was lost
    ended: SimpleQueue[PrefectFuture[Result]] = SimpleQueue()
    failure: BaseException | None = None

    def start(job: Job, losses: int = 0) -> None:
        future = submit(job)
        pending[future] = (job, losses)
        future.add_done_callback(ended.put)

    while True:
        while (
            failure is None
            and not stopping.requested()
            and len(pending) < in_flight()
            and (job := next_job()) is not None
        ):
            start(job)
        if not pending:
            break
        future = _first(ended, in_flight)
        job, losses = pending.pop(future)
        result = _outcome(future)
        if isinstance(result, JobLostError) and losses < MOST_LOSSES and not (failure or stopping.requested()):
            start(job, losses + 1)
        elif isinstance(result, BaseException):
            failure = failure or result
        else:
            yield result
    stopping.check()
    if failure is not None:
        raise failure


def _first(ended: SimpleQueue[PrefectFuture[Result]], in_flight: Callable[[], int]) -> PrefectFuture[Result]:
    """Waits for a job to end; asks now and then whether there is still somebody who runs jobs."""
    while True:
        try:
            return ended.get(timeout=LOOK_SECONDS)
        except Empty:
            in_flight()


def _outcome(future: PrefectFuture[Result]) -> Result | BaseException:
    """What became of a job: its result, or what it raised. A job that was stopped or lost raises past Prefect."""
    try:
        return future.result(raise_on_failure=False)
    except (stopping.Stopped, JobLostError) as error:
        return error
