"""Prefect's options for our flows and tasks, in one place: retries, names, what becomes of results.

Two rules shape them all. Truth lives in our database, so Prefect keeps no results and caches nothing (`persist_result`
off: filtering finished work through the repository is the cache). And no task run carries a tag: every tagged task run
asks the server for a concurrency slot, which costs seven times as much as an untagged one.
This module must not know what any stage does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prefect.cache_policies import NO_CACHE
from prefect.tasks import exponential_backoff

from configs.settings import ExecutionSettings
from storage.errors import DatabaseBusyError, DatabaseLostError, StoreLostError
from tasks.errors import TransientError

if TYPE_CHECKING:
    from prefect import Task
    from prefect.client.schemas.objects import State, TaskRun


def is_transient(task: Task[..., Any], task_run: TaskRun, state: State[Any]) -> bool:
    """Tells whether another try makes sense. A plain function, as with anything else Prefect silently never retries."""
    error = state.result(raise_on_failure=False)
    return isinstance(error, TransientError | DatabaseBusyError | DatabaseLostError | StoreLostError)


# Without the policy Prefect would hash every argument of every call, a whole book among them, for a cache that is off.
ONCE: dict[str, Any] = {"persist_result": False, "cache_policy": NO_CACHE}


def retrying(execution: ExecutionSettings) -> dict[str, Any]:
    """Makes the options of a task whose transient failures are tried again, with waits that double and are jittered."""
    return {
        "retries": execution.task_retries,
        "retry_delay_seconds": exponential_backoff(backoff_factor=execution.retry_backoff_s),
        "retry_jitter_factor": execution.retry_jitter,
        "retry_condition_fn": is_transient,
        **ONCE,
    }


# Of every flow that makes a book. Its parameter is `request`, so runs are named by what was asked for.
BOOK_FLOW: dict[str, Any] = {"flow_run_name": "{request.label}", "persist_result": False}
