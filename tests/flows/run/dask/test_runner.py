"""The runner for Dask: who is refused, what is lost, how long is waited."""

import time
from contextlib import nullcontext
from dataclasses import replace
from types import SimpleNamespace
from uuid import uuid4

import pytest
from distributed import KilledWorker
from distributed.client import CancelledError
from distributed.comm.core import CommClosedError
from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import StateType

from flows.run.dask import runner as runner_module
from flows.run.dask import terms as terms_module
from flows.run.dask.runner import DaskFuture, DaskRunner
from flows.run.dask.terms import JOBS_PER_WORKER, UnfitWorkerError
from flows.run.window import JobLostError
from tasks.errors import BadInputError, TransientError
from tests.flows.operate.prefect_client import answer
from tests.flows.run.dask.conftest import local_cluster

pytestmark = [pytest.mark.usefixtures("prefect_server", "impatient"), pytest.mark.timeout(900)]


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(runner_module, "CONNECT_SECONDS", 5)


@task(cache_policy=NO_CACHE, persist_result=False)
def double(number):
    return 2 * number


@task(cache_policy=NO_CACHE, persist_result=False)
def nap(seconds):
    time.sleep(seconds)


def test_jobs_come_back_and_are_forgotten_by_the_cluster(cluster, trial):
    with DaskRunner(trial, cluster.scheduler_address) as runner:
        assert runner.in_flight() == JOBS_PER_WORKER
        futures = [runner.submit(double, {"number": number}) for number in range(4)]
        assert [future.result() for future in futures] == [0, 2, 4, 6]
        deadline = time.monotonic() + 60
        while cluster.scheduler.tasks:  # though the futures are still here
            assert time.monotonic() < deadline, cluster.scheduler.tasks
            time.sleep(0.05)
    assert not any(name.startswith("talepress") for name in cluster.scheduler.worker_plugins)


def test_a_run_is_refused_where_a_worker_lacks_its_model_or_nobody_listens(cluster, trial, monkeypatch):
    with (
        pytest.raises(UnfitWorkerError, match="the model sound is not the one of this run"),
        DaskRunner(replace(trial, model_digest="0" * 64), cluster.scheduler_address),
    ):
        pass
    monkeypatch.setattr(runner_module, "CONNECT_SECONDS", 1)
    with pytest.raises(BadInputError, match=r"no Dask scheduler answers at tcp://127.0.0.1:9 .*execution.dask_address"):
        DaskRunner(trial, "tcp://127.0.0.1:9").__enter__()


def test_a_worker_that_joins_and_is_unfit_gets_no_job_and_the_run_hears_why(cluster, trial, monkeypatch, caplog):
    ours = terms_module.versions()
    with DaskRunner(trial, cluster.scheduler_address) as runner:
        monkeypatch.setattr(terms_module, "versions", lambda: ours | {"torch": "0.0.1"})
        cluster.scale(2)
        runner.client.wait_for_workers(2)
        monkeypatch.setattr(runner_module, "LOOK_SECONDS", 0)
        assert runner.in_flight() == JOBS_PER_WORKER  # those of one worker
        futures = [runner.submit(double, {"number": number}) for number in range(8)]
        assert [future.result() for future in futures] == [2 * number for number in range(8)]
    assert "torch 0.0.1 instead of" in caplog.text


def test_a_job_that_finds_no_worker_is_done_once_one_has_joined(cluster, trial):
    """As when all workers die at once: they join before they are examined, and Dask looks at waiting jobs no more."""
    with DaskRunner(trial, cluster.scheduler_address) as runner:
        cluster.scale(0)
        while runner.client.scheduler_info()["workers"]:
            time.sleep(0.05)
        waits = runner.submit(double, {"number": 21})
        while not cluster.scheduler.unrunnable:
            time.sleep(0.05)
        cluster.scale(1)
        assert waits.result(timeout=60) == 42


def test_a_job_that_dask_cannot_account_for_is_lost(cluster, trial):
    with DaskRunner(trial, cluster.scheduler_address) as runner:
        future = runner.submit(nap, {"seconds": 2.0})
        future.wrapped_future.cancel()
        with pytest.raises(JobLostError, match="see the logs of its workers"):
            future.result(raise_on_failure=False)
        assert runner.submit(double, {"number": 1}).result() == 2


def close_at_once(cluster):
    """Closes a cluster as its machine's end would: without waiting for the threads in which jobs are under way."""
    for worker in cluster.workers.values():
        cluster.sync(worker.close, executor_wait=False)
    cluster.close()


@pytest.mark.parametrize("when", ["the client has given up", "the client has found it"])
def test_a_scheduler_that_comes_back_goes_on_and_one_that_stays_away_ends_the_run(cluster, trial, monkeypatch, when):
    port = int(cluster.scheduler_address.rsplit(":", 1)[1])
    with DaskRunner(trial, cluster.scheduler_address) as runner:
        lost = runner.submit(nap, {"seconds": 30.0})
        close_at_once(cluster)
        with pytest.raises(JobLostError):
            lost.result(raise_on_failure=False)
        if when == "the client has given up":
            while runner.client.status != "closed":
                time.sleep(0.05)
        with local_cluster(scheduler_port=port):
            if when == "the client has found it":
                while runner.client.status != "running":
                    time.sleep(0.05)
            assert runner.submit(double, {"number": 1}).result(timeout=120) == 2  # its worker was examined too
        monkeypatch.setattr(runner_module, "AWAY_SECONDS", 0.0)
        with pytest.raises(TransientError, match="has been away"):
            while True:
                runner.submit(double, {"number": 1})
                time.sleep(0.1)


def test_a_run_without_workers_ends_with_a_word(cluster, trial, monkeypatch):
    monkeypatch.setattr(runner_module, "LOOK_SECONDS", 0.0)
    with DaskRunner(trial, cluster.scheduler_address) as runner:
        cluster.scale(0)
        while runner.client.scheduler_info()["workers"]:
            time.sleep(0.05)
        assert runner.in_flight() == JOBS_PER_WORKER  # for those who may come
        monkeypatch.setattr(runner_module, "AWAY_SECONDS", 0.0)
        with pytest.raises(TransientError, match=r"no Dask worker at tcp://.* could speak for this run: start some"):
            runner.in_flight()


class Client:
    """What of Dask's client a runner asks, of a cluster with some workers. Examining them may fail."""

    def __init__(self, failure=None):
        self.status = "running"
        self.workers = {}
        self.scheduler = "one"
        self.failure = failure
        self.registered = []

    def scheduler_info(self):
        if isinstance(self.workers, Exception):
            raise self.workers
        return {"id": self.scheduler, "workers": self.workers}

    def subscribe_topic(self, topic, heard):
        self.heard = (topic, heard)

    def register_plugin(self, terms, name):
        self.registered.append((terms, name))
        if self.failure:
            raise self.failure


@pytest.fixture
def alone(trial):
    """A runner whose client has no cluster."""

    def make(failure=None, address="tcp://there"):
        runner = DaskRunner(trial, address)
        runner._client = Client(failure)
        return runner, runner._client

    return make


def test_the_terms_are_brought_to_all_workers_and_refusals_are_heard(alone, caplog):
    runner, client = alone()
    runner._examine()
    assert client.registered == [(runner._terms, runner._terms.name)]
    topic, heard = client.heard
    assert topic == terms_module.TOPIC
    for run in ("another", runner._terms.name):
        heard((0.0, {"run": run, "reason": f"refused by {run}"}))
    assert caplog.messages == [f"refused by {runner._terms.name}"]


@pytest.mark.parametrize("error", [OSError("it died"), CommClosedError("it died")], ids=repr)
def test_a_worker_that_dies_while_it_is_examined_ends_no_run(alone, caplog, error):
    runner, _ = alone(error)
    runner._examine()
    assert "died while it was examined" in caplog.text


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (UnfitWorkerError("it has torch 0.0.1"), "^it has torch 0.0.1$"),
        (ModuleNotFoundError("No module named 'flows'"), r"at tcp://there cannot take part \(ModuleNotFoundError: No"),
    ],
    ids=repr,
)
def test_a_worker_that_cannot_take_part_ends_the_run_with_a_remedy(alone, error, words):
    runner, _ = alone(error)
    with pytest.raises(BadInputError, match=words):
        runner._examine()


def test_workers_are_counted_now_and_then_and_those_of_other_runs_are_not(alone, monkeypatch):
    runner, client = alone(address="")
    clock = SimpleNamespace(now=1000.0, monotonic=lambda: clock.now)
    monkeypatch.setattr(runner_module, "time", clock)
    fit = {"resources": {runner._terms.name: 2.0, "GPU": 1.0}}
    client.workers = {1: fit, 2: {"resources": {"GPU": 1.0}}, 3: fit}
    assert runner.in_flight() == 2 * JOBS_PER_WORKER
    for workers, status in (({}, "running"), ({1: fit}, "connecting"), (OSError("away"), "running")):
        client.workers = workers
        client.status = status
        assert runner.in_flight() == 2 * JOBS_PER_WORKER  # as a moment ago
        clock.now += 1.5
        assert runner.in_flight() == JOBS_PER_WORKER  # for those who may come
        client.workers = {1: fit, 3: fit}
        client.status = "running"
        clock.now += 1.5
        assert runner.in_flight() == 2 * JOBS_PER_WORKER
    client.workers = {}
    clock.now += 599.0
    assert runner.in_flight() == JOBS_PER_WORKER, "the wait begins when the last worker has gone"
    clock.now += 600.0
    runner.in_flight()
    clock.now += 1.5
    with pytest.raises(TransientError, match="for 10 minutes no Dask worker at this machine could speak"):
        runner.in_flight()


@pytest.mark.parametrize("error", [OSError("refused"), ValueError("no address")], ids=repr)
def test_a_scheduler_that_cannot_be_reached_is_bad_input(alone, monkeypatch, error):
    def refuse(runner):
        raise error

    runner, _ = alone()
    monkeypatch.setattr(DaskRunner, "client", property(refuse))
    with pytest.raises(BadInputError, match=rf"no Dask scheduler answers at tcp://there \({error}\)"):
        runner._connect()


@pytest.mark.parametrize("error", [None, OSError("away"), ValueError("unknown")], ids=repr)
@pytest.mark.parametrize("status", ["running", "closed"])
def test_the_terms_of_a_run_end_with_it_where_the_scheduler_can_be_told(alone, monkeypatch, error, status):
    told = []

    def forget(name):
        told.append(name)
        if error:
            raise error

    runner, client = alone()
    client.status = status
    client.unregister_worker_plugin = forget
    monkeypatch.setattr(runner_module.DaskTaskRunner, "__exit__", lambda runner, *_: told.append("over"))
    runner.__exit__(None, None, None)
    assert told == [*([runner._terms.name] if status == "running" else []), "over"]


class Wrapped:
    """A job on the cluster, with what it came to."""

    def __init__(self, outcome):
        self.outcome = outcome
        self.releases = 0

    def result(self, timeout):
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome

    def release(self):
        self.releases += 1


class Noting:
    """A client of Prefect's that notes in which state it is told to put a task run, or fails."""

    def __init__(self, error=None):
        self.states = []
        self.error = error

    def set_task_run_state(self, run, state, *, force):
        self.states.append((run, state.type, state.message, force))
        if self.error:
            raise self.error


@pytest.mark.parametrize("away", [None, OSError("Prefect's server is away")], ids=repr)
@pytest.mark.parametrize(
    "error",
    [
        CancelledError("given\n up"),
        CommClosedError("given\n up"),
        KilledWorker("a job", SimpleNamespace(address="x"), 2),
    ],
    ids=type,
)
def test_a_lost_job_is_shown_as_crashed_and_forgotten_by_the_cluster(monkeypatch, error, away):
    noting = answer(monkeypatch, runner_module, Noting(away))
    run = uuid4()
    wrapped = Wrapped(error)
    with pytest.raises(JobLostError, match="a job was lost by the Dask cluster") as raised:
        DaskFuture(run, wrapped).result()
    reason = " ".join(str(error).split())
    assert reason in str(raised.value)
    assert noting.states == [(run, StateType.CRASHED, reason, True)]
    assert wrapped.releases == 1


@pytest.mark.parametrize("outcome", [42, ValueError("the job's own")], ids=repr)
def test_what_a_job_came_to_is_handed_on_and_forgotten_by_the_cluster(monkeypatch, outcome):
    noting = answer(monkeypatch, runner_module, Noting())
    wrapped = Wrapped(outcome)
    with pytest.raises(ValueError, match="the job's own") if isinstance(outcome, Exception) else nullcontext():
        assert DaskFuture(uuid4(), wrapped).result() == 42
    assert (noting.states, wrapped.releases) == ([], 1)
