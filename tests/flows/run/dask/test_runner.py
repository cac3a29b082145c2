"""The runner for Dask: who is refused, what is lost, how long is waited."""

import time
from dataclasses import replace

import pytest
from prefect import task
from prefect.cache_policies import NO_CACHE

from flows.run.dask import runner as runner_module
from flows.run.dask import terms as terms_module
from flows.run.dask.runner import DaskRunner
from flows.run.dask.terms import JOBS_PER_WORKER, UnfitWorkerError
from flows.run.window import JobLostError
from tasks.errors import BadInputError, TransientError
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


def test_a_run_is_refused_where_a_worker_lacks_its_model_or_nobody_listens(cluster, trial):
    with (
        pytest.raises(UnfitWorkerError, match="the model sound is not the one of this run"),
        DaskRunner(replace(trial, model_digest="0" * 64), cluster.scheduler_address),
    ):
        pass
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
