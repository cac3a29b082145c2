"""The list of stages agrees with itself."""

from tortoise_core.checkpoints.registry import NETWORK_TYPES
from tortoise_core.training.loop import LoopConfig
from tortoise_core.training.stages.registry import NETWORKS, STAGES


def test_what_a_stage_needs_comes_before_it():
    names = list(STAGES)
    for place, (name, entry) in enumerate(STAGES.items()):
        assert entry.name == name
        assert set(entry.needs) <= set(names[:place]), name


def test_every_network_is_exported_by_the_last_stage_that_trains_it():
    last = {entry.role: entry.name for entry in STAGES.values()}
    assert {entry.role: entry.name for entry in STAGES.values() if entry.exports} == last
    assert set(last) == set(NETWORKS)


def test_the_networks_are_those_that_a_model_folder_can_hold():
    assert set(NETWORKS.values()) <= {kind.config for kind in NETWORK_TYPES.values()}


def test_every_stage_has_a_loop_and_says_what_it_is_for():
    for entry in STAGES.values():
        assert isinstance(entry.config().loop, LoopConfig), entry.name
        assert entry.purpose, entry.name
