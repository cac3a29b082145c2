"""Every Prefect knob of the project, in one place: runners, retries, names, result handling.

Two rules shape them all. Truth lives in our database, so Prefect keeps no results and caches nothing (`persist_result`
off: filtering finished work through the repository is the cache). And no task run carries a tag: every tagged task run
asks the server for a concurrency slot, which costs seven times as much as an untagged one.
This module must not know what any stage does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prefect.cache_policies import NO_CACHE
from prefect.task_runners import ThreadPoolTaskRunner
from prefect.tasks import exponential_backoff

from configs.settings import ExecutionSettings
from storage.errors import DatabaseBusyError
from tasks.errors import TransientError

if TYPE_CHECKING:
    from prefect import Task
    from prefect.client.schemas.objects import State, TaskRun

POOL_THREADS = 32  # bound of the pool; how many batches are in flight is `execution.threads`, kept by `gather`


def is_transient(task: Task[..., Any], task_run: TaskRun, state: State[Any]) -> bool:
    """Whether another try makes sense. Prefect silently never retries if this is anything but a plain function."""
    return isinstance(state.result(raise_on_failure=False), TransientError | DatabaseBusyError)


# Without the policy Prefect would hash every argument of every call, a whole book among them, for a cache that is off.
ONCE: dict[str, Any] = {"persist_result": False, "cache_policy": NO_CACHE}


def retrying(execution: ExecutionSettings) -> dict[str, Any]:
    """Options of a task whose transient failures are tried again, with waits that double and are jittered."""
    return {
        "retries": execution.task_retries,
        "retry_delay_seconds": exponential_backoff(backoff_factor=execution.retry_backoff_s),
        "retry_jitter_factor": execution.retry_jitter,
        "retry_condition_fn": is_transient,
        **ONCE,
    }


BOOK_FLOW: dict[str, Any] = {
    "name": "book-to-audio",
    "flow_run_name": "{book}",
    # Threads around one engine: torch lets go of the interpreter lock, and one copy of the weights serves all.
    # Prefect's default pool is unbounded, so the number is always given.
    "task_runner": ThreadPoolTaskRunner(max_workers=POOL_THREADS),
    "persist_result": False,
}

RETRY_FLOW: dict[str, Any] = {**BOOK_FLOW, "name": "retry-failed"}
