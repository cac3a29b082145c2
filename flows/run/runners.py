"""What runs the batches of a book: made from the settings when a run begins to speak, so not decided at import.

Knows nothing of what a batch is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from prefect.task_runners import ThreadPoolTaskRunner

from configs.settings import ExecutionSettings
from tasks.synthesize.render import RenderJob

if TYPE_CHECKING:
    from flows.run.dask.runner import DaskRunner


class ThreadRunner(ThreadPoolTaskRunner):
    """Threads around one engine: torch lets go of the interpreter lock, and one copy of the weights serves all."""

    def in_flight(self) -> int:
        """How many jobs may be under way."""
        return self._max_workers


def make_runner(execution: ExecutionSettings, trial: RenderJob) -> ThreadRunner | DaskRunner:
    """Makes the task runner that `execution.runner` names. Use it in a `with` block: it takes tasks only there.

    `trial` is a job of the run without batches, by which workers of other processes are tried.
    """
    return RUNNERS[execution.runner](execution, trial)


def _threads(execution: ExecutionSettings, _trial: RenderJob) -> ThreadRunner:
    return ThreadRunner(max_workers=execution.threads)  # Prefect's own default has no bound


def _dask(execution: ExecutionSettings, trial: RenderJob) -> DaskRunner:
    from flows.run.dask.runner import DaskRunner  # an extra, see `flows.order.needs`

    return DaskRunner(trial, execution.dask_address, execution.dask_workers)


RUNNERS: dict[str, Callable[[ExecutionSettings, RenderJob], ThreadRunner | DaskRunner]] = {
    "threads": _threads,
    "dask": _dask,
}
