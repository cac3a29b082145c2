"""A worker of a pool, as a process of its own: `python -m flows.operate.worker POOL NAME LIMIT`.

Prefect's own command leaves a run that is under way to be killed when it is told to stop. This one first lets the run
come to its orderly end (`tasks/stopping.py`), with its row and its state written. Knows nothing of what a run does.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import sys
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
from prefect.client.schemas.objects import TERMINAL_STATES, FlowRun, State, StateType
from prefect.flows import load_flow_from_flow_run
from prefect.runner._flow_run_executor import FlowRunExecutorContext
from prefect.states import Cancelled
from prefect.utilities.processutils import command_to_string
from prefect.workers.process import ProcessJobConfiguration, ProcessWorker, ProcessWorkerResult

from flows.operate import forking
from flows.run.orphans import end_task_runs
from tasks import stopping

END_SECONDS = stopping.GRACE_SECONDS + stopping.LAST_WORDS_SECONDS + 7.0  # for a run that is told to stop
LOOK_SECONDS = 0.1


@dataclass(frozen=True)
class _Started:
    """Takes the place of the one who is told that a run's process has started, and tells him."""

    note: Callable[[int], None]
    listener: Any

    def started(self, pid: int) -> None:
        self.note(pid)
        if self.listener is not None:
            self.listener.started(pid)


with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it takes the place of the worker that it is made of, on purpose

    class Job(ProcessJobConfiguration):
        """A run in one process, which is forked where that is possible and no command given.

        Of itself Prefect would start two more, which fetch the flow's code before: ours is installed.
        """

        @property
        def is_forked(self) -> bool:
            """Whether nobody said by which command the run's process is started, and forking is possible."""
            return forking.CAN_FORK and not self._command_configured

        def prepare_for_flow_run(self, *arguments: Any, **options: Any) -> None:
            """Completes the configuration for a flow run."""
            if not forking.CAN_FORK:
                self.command = self.command or command_to_string([sys.executable, "-m", "prefect.engine"])
            super().prepare_for_flow_run(*arguments, **options)

    class Worker(ProcessWorker):
        """A process worker that knows its runs' processes, and can be told to end them and take no more."""

        job_configuration = Job

        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self._processes: dict[object, int] = {}  # by flow run; 0 while there is none yet
            self._closed = False

        async def get_and_submit_flow_runs(self) -> list[FlowRun]:
            """Takes what is due, until the worker is closed."""
            return [] if self._closed else await super().get_and_submit_flow_runs()

        async def run(
            self, flow_run: FlowRun, configuration: ProcessJobConfiguration, task_status: Any = None
        ) -> ProcessWorkerResult:
            """Runs a flow run in a process, to its end."""
            self._processes[flow_run.id] = 0
            noting = _Started(lambda pid: self._processes.update({flow_run.id: pid}), task_status)
            try:
                if isinstance(configuration, Job) and configuration.is_forked:
                    return await self._run_forked(flow_run, configuration, noting)
                return await super().run(flow_run, configuration, noting)  # type: ignore[arg-type]
            finally:
                self._processes[flow_run.id] = 0  # whoever waits for the end waits for this too
                try:
                    await self._conclude(flow_run)
                finally:
                    del self._processes[flow_run.id]
                    gc.collect()  # Prefect leaves clients in circles, a MB each, which Python would keep for long

        async def _run_forked(self, flow_run: FlowRun, job: Job, noting: _Started) -> ProcessWorkerResult:
            """Runs a flow run in a process that is forked, as Prefect's worker does in one that a command starts."""
            ended: list[int | None] = []

            async def execute(*, task_status: Any) -> None:
                done = await executor.submit(task_status)
                ended.append(done.status_code if done else None)

            with contextlib.ExitStack() as stack:
                folder = job.working_dir or Path(stack.enter_context(tempfile.TemporaryDirectory(suffix="prefect")))
                async with FlowRunExecutorContext() as context, anyio.create_task_group() as group:
                    starter = forking.ForkingStarter(job.env, folder, context.control_channel)
                    executor = context.create_executor(
                        flow_run, starter, resolve_flow=load_flow_from_flow_run, propose_submitting=False
                    )
                    handle = await group.start(execute)
                    noting.started(handle.pid)
            if ended[0] is None:
                raise RuntimeError(f"it is not known how process {handle.pid} has ended")
            return ProcessWorkerResult(status_code=ended[0], identifier=str(handle.pid))

        async def _conclude(self, flow_run: FlowRun) -> None:
            """Says of a run whose process has ended, and of its task runs, what they could not say themselves."""
            found = await self.client.read_flow_run(flow_run.id)
            was_told = self._closed and found.state_type not in TERMINAL_STATES
            if was_told or found.state_type is StateType.CANCELLING:
                ended: State[Any] = Cancelled(message="its process has ended")
                await self.client.set_flow_run_state(flow_run.id, ended, force=True)
            if found.state_type is not StateType.COMPLETED:
                await asyncio.to_thread(end_task_runs, flow_run.id)

        async def end_runs(self) -> None:
            """Takes no more runs, tells the processes of those under way to stop, and waits for their end."""
            self._closed = True
            told = {0}
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(END_SECONDS):
                    while self._processes:
                        for pid in set(self._processes.values()) - told:
                            with contextlib.suppress(ProcessLookupError):
                                os.kill(pid, signal.SIGTERM)
                            told.add(pid)
                        await asyncio.sleep(LOOK_SECONDS)


async def work(pool: str, name: str, limit: int) -> None:
    """Takes runs of a pool until SIGTERM or SIGINT comes, then ends those under way and returns."""
    forking.prepare(pool)
    worker = Worker(work_pool_name=pool, name=name, limit=limit, create_pool_if_not_found=False)
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    working = asyncio.create_task(worker.start())
    waiting = asyncio.create_task(told.wait())
    await asyncio.wait({working, waiting}, return_when=asyncio.FIRST_COMPLETED)
    if told.is_set():
        await worker.end_runs()
        working.cancel()
    waiting.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await working  # raises why it ended by itself


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1], sys.argv[2], int(sys.argv[3])))
