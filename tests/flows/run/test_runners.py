"""The task runner follows from the settings."""

import pytest

from configs.settings import SettingsError, load_settings
from flows.run.dask.runner import DaskRunner
from flows.run.runners import RUNNERS, make_runner


def made(trial=None, **execution):
    return make_runner(load_settings(execution=execution).execution, trial)


def test_the_settings_choose_the_runner_and_bound_it():
    runner = made(runner="threads", threads=5)
    assert runner._max_workers == 5  # Prefect's own default has no bound
    assert runner.in_flight() == 5


def test_dask_runs_on_the_cluster_that_is_named_or_on_one_of_its_own():
    there = made(runner="dask", dask_address="tcp://10.0.0.1:8786")
    assert isinstance(there, DaskRunner)
    assert (there.address, there.cluster_kwargs) == ("tcp://10.0.0.1:8786", {})
    here = made(runner="dask", dask_workers=4)
    assert (here.address, here.cluster_kwargs) == (None, {"workers": 4})


def test_every_runner_can_be_set():
    for name in RUNNERS:
        assert load_settings(execution={"runner": name}).execution.runner == name
    with pytest.raises(SettingsError, match=r"execution\.runner"):
        load_settings(execution={"runner": "carrier pigeons"})
    with pytest.raises(SettingsError, match=r"execution\.dask_address"):
        load_settings(execution={"dask_address": "10.0.0.1:8786"})
