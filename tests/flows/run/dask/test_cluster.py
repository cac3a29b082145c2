"""A cluster for one run: one worker for each device, and nobody else sends it work."""

import logging
import os
import signal
import sys
from multiprocessing import resource_tracker

import dask
import pytest
import torch
from distributed import Nanny, Scheduler

from flows.run.dask import cluster, preload
from flows.run.dask.cluster import local_cluster, visible_gpus
from flows.run.dask.terms import JOBS_PER_WORKER


@pytest.fixture
def started(monkeypatch):
    """Starts no process: returns what a cluster would be made of, and Dask's settings meanwhile."""

    def spec_cluster(**spec):
        environment = dask.config.get("distributed.nanny.pre-spawn-environ")
        return {**spec, "environment": environment, "profile": dask.config.get("distributed.worker.profile.enabled")}

    monkeypatch.setattr(cluster, "SpecCluster", spec_cluster)
    monkeypatch.setattr(cluster, "_start_silent_tracker", lambda: None)
    monkeypatch.setattr(cluster.Security, "temporary", lambda: "a key of this process alone")
    monkeypatch.setattr(torch, "get_num_threads", lambda: 5)

    def start(workers, gpus=0):
        monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)
        return local_cluster(workers)

    return start


def test_it_listens_to_this_machine_alone_under_a_key_that_nobody_else_knows(started):
    made = started(2)
    scheduler = made["scheduler"]
    assert scheduler["cls"] is Scheduler
    assert (scheduler["options"]["host"], scheduler["options"]["port"]) == ("127.0.0.1", 0)
    assert {worker["cls"] for worker in made["workers"].values()} == {Nanny}
    options = [worker["options"] for worker in made["workers"].values()]
    assert {one["host"] for one in options} == {"127.0.0.1"}
    for part in (made, scheduler["options"], *options):
        assert part["security"] == "a key of this process alone"
    for part in (scheduler["options"], *options):
        assert (part["dashboard"], part["dashboard_address"]) == (False, "127.0.0.1:0")


def test_a_worker_does_as_much_as_its_device_allows_and_is_not_ended_for_its_memory(started):
    made = started(2)
    for worker in made["workers"].values():
        options = worker["options"]
        assert (options["nthreads"], options["resources"], options["memory_limit"]) == (JOBS_PER_WORKER, {"GPU": 1}, 0)
        assert (options["preload"], options["silence_logs"]) == (["flows.run.dask.preload"], logging.CRITICAL)
    cores = {"OMP_NUM_THREADS": "2", "MKL_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2"}
    assert (made["environment"], made["profile"], made["silence_logs"]) == (cores, False, logging.CRITICAL)


@pytest.mark.parametrize(
    ("workers", "gpus", "named", "devices"),
    [
        (0, 0, "", [None]),
        (3, 0, "", [None, None, None]),
        (0, 2, "", ["0", "1"]),
        (1, 2, "", ["0"]),
        (3, 2, "4,5,6", ["4", "5", "4"]),
    ],
)
def test_there_is_a_worker_for_each_device_or_as_many_as_are_asked_for(
    started, monkeypatch, workers, gpus, named, devices
):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", named)
    made = started(workers, gpus)["workers"]
    assert list(made) == list(range(len(devices)))
    assert [worker["options"]["env"].get("CUDA_VISIBLE_DEVICES") for worker in made.values()] == devices


def test_more_workers_than_cores_have_one_core_each(started):
    assert started(9)["environment"]["OMP_NUM_THREADS"] == "1"


@pytest.mark.parametrize(
    ("named", "count", "gpus"), [("", 0, []), ("", 2, ["0", "1"]), ("3,1", 2, ["3", "1"]), ("3,1", 1, ["3"])]
)
def test_gpus_are_known_by_the_names_that_this_process_has_for_them(monkeypatch, named, count, gpus):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", named)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
    assert visible_gpus() == gpus


@pytest.mark.parametrize("error", [None, OSError("no room for a process")])
def test_the_process_that_tidies_up_is_told_not_to_warn_and_nobody_else(monkeypatch, error):
    before = list(sys.warnoptions)
    options = []

    def ensure_running():
        options.extend(sys.warnoptions)
        if error:
            raise error

    monkeypatch.setattr(resource_tracker, "ensure_running", ensure_running)
    try:
        cluster._start_silent_tracker()
    except OSError as raised:
        assert raised is error
    assert options == [*before, "ignore:resource_tracker"]
    assert sys.warnoptions == before


def test_ctrl_c_is_for_the_process_that_started_the_workers():
    before = signal.getsignal(signal.SIGINT)
    try:
        preload.dask_setup(None)
        os.kill(os.getpid(), signal.SIGINT)  # ends nothing
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
