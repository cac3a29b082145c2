"""A worker runs a flow run in one process, and says of it what the process could not say itself."""

import asyncio
import os
import shlex
import signal
import sys
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import pytest
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.workers.process import ProcessWorker

from flows.operate import forking
from flows.operate import worker as module
from flows.operate.worker import Job, Worker


class Server:
    """Knows one flow run."""

    def __init__(self, kind):
        self.kind = kind

    async def read_flow_run(self, _id):
        return SimpleNamespace(state_type=self.kind)

    async def set_flow_run_state(self, _id, state, force):
        self.kind = state.type


@pytest.fixture(params=[True, False], ids=["forked", "by a command"])
def ended(request, monkeypatch):
    """Has a worker run a flow run that ends in such a state. Returns the state, and whether task runs were ended."""

    def run(kind, *, closed=False):
        asked = []
        under_way = []
        server = Server(kind)
        worker = Worker(work_pool_name="gpu")
        worker._client = server
        worker._closed = closed
        flow_run = FlowRun(flow_id=uuid4(), name="book")

        async def process(self, flow_run, configuration, task_status=None):
            under_way.append(dict(self._processes))
            task_status.started(4711)
            assert self._processes == {flow_run.id: 4711}

        def end_task_runs(flow_run_id):
            asked.append(flow_run_id == flow_run.id)
            under_way.append(dict(worker._processes))

        monkeypatch.setattr(*((Worker, "_run_forked") if request.param else (ProcessWorker, "run")), process)
        monkeypatch.setattr(forking, "CAN_FORK", request.param)
        monkeypatch.setattr(module, "end_task_runs", end_task_runs)
        swept = []
        monkeypatch.setattr(module, "gc", SimpleNamespace(collect=lambda: swept.append(dict(worker._processes))))
        asyncio.run(worker.run(flow_run, Job()))
        assert swept == [{}]  # Prefect leaves a MB each time
        assert worker._processes == {}
        assert under_way[0] == {flow_run.id: 0}, "no process was asked for"
        assert all(flow_run.id in seen for seen in under_way), "whoever ends the worker must wait for this"
        return server.kind, asked

    return run


@pytest.mark.skipif(not forking.CAN_FORK, reason="runs are forked on Linux alone")
def test_a_run_is_forked_where_nobody_says_how_it_is_started():
    job = Job()
    job.prepare_for_flow_run(FlowRun(flow_id=uuid4(), name="book"))
    assert job.is_forked


def test_a_run_is_one_process_where_it_cannot_be_forked(monkeypatch):
    monkeypatch.setattr(forking, "CAN_FORK", False)
    job = Job()
    job.prepare_for_flow_run(FlowRun(flow_id=uuid4(), name="book"))
    assert shlex.split(job.command) == [sys.executable, "-m", "prefect.engine"]
    assert job._command_configured  # else Prefect starts two more, which look for the flow's code
    assert not job.is_forked


def test_a_command_of_the_users_stays():
    job = Job(command="nice python -m prefect.engine")
    job.prepare_for_flow_run(FlowRun(flow_id=uuid4(), name="book"))
    assert job.command == "nice python -m prefect.engine"
    assert not job.is_forked


@pytest.mark.parametrize("kind", [StateType.CRASHED, StateType.FAILED, StateType.CANCELLED, StateType.RUNNING])
def test_what_a_run_left_behind_is_ended_whatever_became_of_it(ended, kind):
    assert ended(kind) == (kind, [True])


def test_a_run_that_got_through_is_left_alone(ended):
    assert ended(StateType.COMPLETED) == (StateType.COMPLETED, [])


def test_a_run_that_was_to_be_cancelled_is(ended):
    assert ended(StateType.CANCELLING) == (StateType.CANCELLED, [True])


def test_a_run_that_the_worker_has_ended_is_cancelled_where_it_could_not_say_so(ended):
    assert ended(StateType.RUNNING, closed=True) == (StateType.CANCELLED, [True])


@pytest.mark.parametrize("kind", [StateType.COMPLETED, StateType.FAILED])
def test_what_a_run_said_last_stays_though_the_worker_was_ending(ended, kind):
    assert ended(kind, closed=True)[0] == kind


def test_a_closed_worker_takes_no_more_runs(monkeypatch):
    async def due(self):
        return ["a run"]

    monkeypatch.setattr(ProcessWorker, "get_and_submit_flow_runs", due)
    worker = Worker(work_pool_name="gpu")
    assert asyncio.run(worker.get_and_submit_flow_runs()) == ["a run"]
    asyncio.run(worker.end_runs())  # of which there are none
    assert asyncio.run(worker.get_and_submit_flow_runs()) == []


@pytest.fixture
def told(monkeypatch):
    """Which processes were told what. One of them is gone already."""
    kills = []

    def kill(pid, number):
        kills.append((pid, number))
        if pid == 1:
            raise ProcessLookupError

    monkeypatch.setattr(module.os, "kill", kill)
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.0)
    return kills


def test_processes_of_runs_under_way_are_told_to_stop_once_and_waited_for(told):
    worker = Worker(work_pool_name="gpu")
    worker._processes = {"gone": 1, "begins": 0, "runs": 2}

    async def look():
        for _ in range(5):
            await asyncio.sleep(0)

    async def end():
        ending = asyncio.create_task(worker.end_runs())
        await look()
        worker._processes["begins"] = 3  # its process has started meanwhile
        await look()
        assert not ending.done()
        worker._processes.clear()
        await asyncio.wait_for(ending, 10)

    asyncio.run(end())
    assert sorted(told) == [(pid, signal.SIGTERM) for pid in (1, 2, 3)]


def test_who_does_not_end_is_not_waited_for_for_ever(told, monkeypatch):
    monkeypatch.setattr(module, "END_SECONDS", 0.01)
    worker = Worker(work_pool_name="gpu")
    worker._processes = {"runs": 2}
    asyncio.run(asyncio.wait_for(worker.end_runs(), 10))
    assert told == [(2, signal.SIGTERM)]


class Standing:
    """A worker that works until it is cancelled, or ends by itself."""

    fault = None

    def __init__(self, **options):
        self.done.append(options)

    async def start(self):
        if self.fault:
            raise self.fault
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            self.done.append("cancelled")
            raise

    async def end_runs(self):
        self.done.append("runs ended")


@pytest.fixture
def standing(monkeypatch):
    done = []
    monkeypatch.setattr(Standing, "done", done, raising=False)
    monkeypatch.setattr(module, "Worker", Standing)
    monkeypatch.setattr(forking, "prepare", done.append)
    return done


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_ends_its_runs_before_itself(standing, number):
    async def told():
        asyncio.get_running_loop().call_later(0.01, os.kill, os.getpid(), number)
        await module.work("gpu", "box-gpu0", 1)

    asyncio.run(told())
    options = {"work_pool_name": "gpu", "name": "box-gpu0", "limit": 1, "create_pool_if_not_found": False}
    assert standing == ["gpu", options, "runs ended", "cancelled"]


def test_a_worker_that_ends_by_itself_says_why(standing, monkeypatch):
    monkeypatch.setattr(Standing, "fault", ValueError("no such pool"))
    with pytest.raises(ValueError, match="no such pool"):
        asyncio.run(module.work("gpu", "box-gpu0", 1))
    assert "runs ended" not in standing


@pytest.mark.parametrize("code", [0, 3, -15, None])
@pytest.mark.parametrize("folder", [None, Path("/work-there")])
def test_a_forked_run_ends_with_the_code_of_its_process(monkeypatch, code, folder):
    made = []
    started = []

    class Context:
        control_channel = "channel"

        async def __aenter__(self):
            return self

        async def __aexit__(self, *_):
            pass

        def create_executor(self, flow_run, starter, resolve_flow, propose_submitting):
            assert (resolve_flow, propose_submitting) == (module.load_flow_from_flow_run, False)
            made.append((flow_run, starter._environment, starter._folder, starter._channel))
            if folder is None:
                assert Path(starter._folder).is_dir()
            return self

        async def submit(self, task_status):
            task_status.started(SimpleNamespace(pid=4711))
            return None if code is None else SimpleNamespace(status_code=code)

    monkeypatch.setattr(module, "FlowRunExecutorContext", Context)
    job = SimpleNamespace(env={"A": "b"}, working_dir=folder)
    noting = SimpleNamespace(started=started.append)
    running = Worker(work_pool_name="gpu")._run_forked("run", job, noting)
    if code is None:
        with pytest.raises(RuntimeError, match="not known how process 4711 has ended"):
            asyncio.run(running)
    else:
        result = asyncio.run(running)
        assert (result.status_code, result.identifier) == (code, "4711")
    ((run, environment, place, channel),) = made
    assert (run, environment, channel, started) == ("run", {"A": "b"}, "channel", [4711])
    assert place == folder if folder else not Path(place).exists()  # a folder of its own goes with it
