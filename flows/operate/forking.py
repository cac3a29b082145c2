"""Starts the processes of runs from one that has imported already what they would import, for seconds each.

Python's `multiprocessing` keeps that process, its *fork server*, and starts it again should it die. Linux alone:
elsewhere the libraries underneath do not bear to be forked. Must not know what a run does.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import runpy
import sys
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import anyio
from anyio.abc import TaskStatus
from prefect.client.schemas.objects import FlowRun
from prefect.runner._control_channel import ControlChannel
from prefect.runner._process_manager import ProcessHandle
from prefect.settings import get_current_settings

from flows.run.deployments import DESK, GPU

CAN_FORK = sys.platform == "linux"
LOOK_SECONDS = 0.5
_FORKING = multiprocessing.get_context("forkserver")
_ENGINE = "prefect.engine"
_EVERY_RUN = (
    "prefect.workers.process",  # for the worker's own module, which `multiprocessing` runs again in every child
    "flows.run.orphans",
    "flows.services",
    "storage.database",  # these are imported late, so that a command starts soon
    "storage.pairing",
    "flows.run.deployments",
    "flows.operate.runs",
    "prefect._internal.metrics",
    "prefect.flow_engine",
    "prefect.task_engine",
    "anyio._backends._asyncio",
)
PRELOADED = {
    GPU: (
        *_EVERY_RUN,
        "flows.book_to_audio",
        "flows.retry_failed",
        "flows.run.story",
        "tasks.segment.punkt",
        "tasks.package.place",
        "torch",
    ),
    DESK: (*_EVERY_RUN, "flows.watch_inbox", "flows.sweep", "flows.operate.sweep", "flows.actions.inbox"),
}


def prepare(pool: str) -> None:
    """Names what runs of a pool import, before the first of them is started."""
    _FORKING.set_forkserver_preload(list(PRELOADED.get(pool, _EVERY_RUN)))


class ForkingStarter:
    """Starts a flow run's process by forking, as Prefect's executor asks it to."""

    def __init__(self, environment: Mapping[str, str | None], folder: Path, channel: ControlChannel) -> None:
        self._environment = environment
        self._folder = folder
        self._channel = channel

    async def start(
        self, flow_run: FlowRun, task_status: TaskStatus[ProcessHandle] = anyio.TASK_STATUS_IGNORED
    ) -> None:
        """Starts the process, says which it is, and waits until it has ended."""
        port, token = self._channel.register(flow_run.id)  # the executor takes it back when the process has ended
        environment = {
            **self._environment,
            **get_current_settings().to_environment_variables(exclude_unset=True),
            "PREFECT__FLOW_RUN_ID": str(flow_run.id),
            "PREFECT__ENABLE_CANCELLATION_AND_CRASHED_HOOKS": "false",  # they are the worker's
            "PREFECT__CONTROL_PORT": str(port),
            "PREFECT__CONTROL_TOKEN": token,
        }
        given = {name: value for name, value in environment.items() if value is not None}
        process: Any = _FORKING.Process(target=_become_run, args=(given, self._folder))
        await anyio.to_thread.run_sync(process.start)  # the first one waits until all is imported
        handle = ProcessHandle(process)
        task_status.started(handle)
        await anyio.to_thread.run_sync(process.join, abandon_on_cancel=True)
        while handle.is_alive():  # the fork server has died before it, so that nobody will know how it ends
            await anyio.sleep(LOOK_SECONDS)


def _become_run(environment: Mapping[str, str], folder: Path) -> None:
    """Runs a flow run in the process that was forked for it, as `python -m prefect.engine` does."""
    gc.freeze()  # or the first collection would copy all of the memory that is shared with the others
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = [_ENGINE]
    warnings.filterwarnings("ignore", ".*found in sys.modules", RuntimeWarning, "runpy")  # it is, on purpose
    runpy.run_module(_ENGINE, run_name="__main__")
