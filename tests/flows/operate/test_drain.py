"""While the pools are paused nothing begins; what is under way is seen until it ends."""

from types import SimpleNamespace

import pytest
from prefect.exceptions import ObjectNotFound

from flows.operate import drain
from flows.run.deployments import POOLS
from tests.flows.operate.prefect_client import answer


class Client:
    """Pools that there are, by name: whether they are paused. Runs by name: their state and pool."""

    def __init__(self, pools, runs=()):
        self.pools = dict(pools)
        self.runs = runs

    def update_work_pool(self, name, changes):
        if name not in self.pools:
            raise ObjectNotFound(Exception(name))
        self.pools[name] = changes.is_paused

    def read_work_pools(self, *, work_pool_filter):
        return [
            SimpleNamespace(name=name, is_paused=paused)
            for name, paused in self.pools.items()
            if name in work_pool_filter.name.any_
        ]

    def read_flow_runs(self, *, flow_run_filter, work_pool_filter):
        return [
            SimpleNamespace(name=name)
            for name, state, pool in self.runs
            if state in [kind.value for kind in flow_run_filter.state.type.any_] and pool in work_pool_filter.name.any_
        ]


@pytest.mark.parametrize("paused", [True, False])
def test_all_our_pools_are_paused_and_no_other(monkeypatch, paused):
    client = answer(monkeypatch, drain, Client({"gpu": not paused, "desk": not paused, "theirs": not paused}))
    drain.pause(paused)
    assert client.pools == {"gpu": paused, "desk": paused, "theirs": not paused}


def test_a_pool_that_was_never_made_keeps_no_other_from_being_paused(monkeypatch):
    for pool in POOLS:
        client = answer(monkeypatch, drain, Client({pool: False}))
        drain.pause(True)
        assert client.pools == {pool: True}


def test_those_of_our_pools_are_listed_that_are_paused(monkeypatch):
    answer(monkeypatch, drain, Client({"gpu": True, "desk": False, "theirs": True}))
    assert drain.paused_pools() == ["gpu"]


def test_runs_of_our_pools_are_under_way_until_they_have_ended(monkeypatch):
    states = ["RUNNING", "PENDING", "CANCELLING", "SCHEDULED", "COMPLETED", "FAILED", "CRASHED", "CANCELLED", "PAUSED"]
    runs = [(f"{state.lower()} {pool}", state, pool) for pool in ("gpu", "theirs") for state in states]
    answer(monkeypatch, drain, Client({}, runs))
    assert drain.under_way() == ["cancelling gpu", "pending gpu", "running gpu"]
