"""A worker takes part once it is shown to have what the run has; else it says what it lacks."""

import asyncio
import shutil
import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest
from distributed import Status

from flows.run.dask import terms as terms_module
from flows.run.dask.terms import GPU, JOBS_PER_WORKER, Terms, UnfitWorkerError, versions
from tasks.errors import BadInputError

API = "http://127.0.0.1:4200/api"


class Worker:
    """What of a worker the terms look at."""

    address = "tcp://10.0.0.7:4000"
    status = Status.running

    def __init__(self, **resources):
        self.state = SimpleNamespace(total_resources=resources)
        self.events = []

    async def set_resources(self, **resources):
        self.state.total_resources |= resources

    def log_event(self, topic, message):
        self.events.append(message)


@pytest.fixture
def healthy(monkeypatch):
    monkeypatch.setattr(terms_module, "require_health", lambda *_arguments, **_options: None)


@pytest.fixture
def terms(trial):
    return Terms(trial, API)


def refusal(terms, worker=None):
    worker = worker or Worker(GPU=1.0)
    with pytest.raises(UnfitWorkerError) as caught:
        asyncio.run(terms.setup(worker))
    assert terms.name not in worker.state.total_resources
    assert [event["reason"] for event in worker.events] == [str(caught.value)]  # the flow is told as well
    assert str(caught.value).startswith("the Dask worker tcp://10.0.0.7:4000 cannot speak for this run: ")
    return str(caught.value)


@pytest.mark.usefixtures("healthy")
def test_a_fit_worker_offers_what_every_job_of_this_run_asks_for_and_of_no_other(terms, trial):
    worker = Worker(GPU=1.0)
    asyncio.run(terms.setup(worker))
    asked = terms.asked
    assert all(worker.state.total_resources[name] >= JOBS_PER_WORKER * amount for name, amount in asked.items())
    assert asked[GPU] * JOBS_PER_WORKER == 1
    assert Terms(trial, API).asked.keys() & asked.keys() == {GPU}


@pytest.mark.usefixtures("healthy")
@pytest.mark.parametrize("name", ["talepress", "Python", "prefect", "torch", "format of takes"])
def test_another_version_is_refused_by_name(terms, monkeypatch, name):
    ours = versions()
    monkeypatch.setattr(terms_module, "versions", lambda: ours | {name: "0.0.1"})
    assert f"it has {name} 0.0.1 instead of {ours[name]}: install the same" in refusal(terms)


@pytest.mark.usefixtures("healthy")
def test_another_model_another_engine_and_another_store_are_refused(trial, tmp_path):
    assert "the model sound is not the one of this run here" in refusal(
        Terms(replace(trial, model_digest="0" * 64), API)
    )
    assert "there is no engine 'organ'" in refusal(Terms(replace(trial, engine="organ"), API))
    unmounted = Terms(trial, API)
    shutil.rmtree(tmp_path / "artifacts")
    assert "is its disk mounted?" in refusal(unmounted)


def test_a_worker_that_cannot_reach_prefects_server_is_refused(trial, monkeypatch):
    monkeypatch.setenv("PREFECT_API_URL", "elsewhere")
    message = refusal(Terms(trial, "http://127.0.0.1:9/api"))
    assert "http://127.0.0.1:9/api does not answer" in message
    assert "set PREFECT_API_URL to an address that every worker reaches" in message


@pytest.mark.usefixtures("healthy")
def test_a_worker_that_offers_no_device_is_told_how(terms):
    assert "start it with `--resources GPU=1`" in refusal(terms, Worker())
    assert issubclass(UnfitWorkerError, BadInputError)  # exit code 2: nothing is tried again


class Paused(Worker):
    """A worker that notes which states it is put in."""

    def __init__(self, status, **resources):
        super().__init__(**resources)
        self.states = [status]

    @property
    def status(self):
        return self.states[-1]

    @status.setter
    def status(self, status):
        self.states.append(status)


@pytest.mark.usefixtures("healthy")
@pytest.mark.parametrize(
    ("status", "states"),
    [(Status.running, [Status.running, Status.paused, Status.running]), (Status.paused, [Status.paused])],
)
def test_jobs_that_found_no_worker_are_looked_at_again_unless_the_worker_is_paused(terms, status, states):
    worker = Paused(status, GPU=1.0)
    asyncio.run(terms.setup(worker))
    assert worker.states == states
    assert worker.state.total_resources[terms.name] == JOBS_PER_WORKER


def test_a_worker_that_is_let_go_sends_what_prefect_holds_back(terms, monkeypatch):
    sent = []
    for name in ("EventsWorker", "APILogWorker"):
        worker = SimpleNamespace(drain_all=lambda timeout, name=name: sent.append((name, timeout)))
        monkeypatch.setattr(terms_module, name, worker)
    asyncio.run(terms.teardown(Worker()))
    assert sent == [("EventsWorker", 5.0), ("APILogWorker", 5.0)]


def test_what_must_be_the_same_everywhere_is_known_by_version():
    assert list(versions()) == [
        "Python",
        "talepress",
        "prefect",
        "torch",
        "dask",
        "distributed",
        "format of takes",
    ]
    assert versions()["Python"] == f"{sys.version_info.major}.{sys.version_info.minor}"
