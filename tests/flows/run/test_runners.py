"""The task runner follows from the settings."""

import pytest

from configs.settings import SettingsError, load_settings
from flows.run.runners import RUNNERS, make_runner


def test_the_settings_choose_the_runner_and_bound_it():
    runner = make_runner(load_settings(execution={"runner": "threads", "threads": 5}).execution)
    assert runner._max_workers == 5  # Prefect's own default has no bound


def test_every_runner_can_be_set():
    for name in RUNNERS:
        assert load_settings(execution={"runner": name}).execution.runner == name
    with pytest.raises(SettingsError, match=r"execution\.runner"):
        load_settings(execution={"runner": "carrier pigeons"})
