"""A worker runs a flow run in one process, and says of it what the process could not say itself."""

import asyncio
import shlex
import sys
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
        asyncio.run(worker.run(flow_run, Job()))
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
