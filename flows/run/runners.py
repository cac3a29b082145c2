"""What runs the batches of a book: made from the settings when a run begins to speak, so not decided at import.

Knows nothing of what a batch is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from configs.settings import ExecutionSettings


def make_runner(execution: ExecutionSettings) -> TaskRunner[Any]:
    """Makes the task runner that `execution.runner` names. Use it in a `with` block: it takes tasks only there."""
    return RUNNERS[execution.runner](execution)


def _threads(execution: ExecutionSettings) -> TaskRunner[Any]:
    """Threads around one engine: torch lets go of the interpreter lock, and one copy of the weights serves all."""
    return ThreadPoolTaskRunner(max_workers=execution.threads)  # Prefect's own default has no bound


RUNNERS: dict[str, Callable[[ExecutionSettings], TaskRunner[Any]]] = {"threads": _threads}
