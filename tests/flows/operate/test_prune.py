"""Which runs of doors that run all day are removed from Prefect's database, and which stay."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

from flows.operate import prune
from flows.run.deployments import DOORS
from tests.flows.operate.prefect_client import answer


class Client:
    """Runs by name: door, state, and when they ended. Answers as a server filters, some at a time."""

    def __init__(self, runs):
        self.runs = dict(runs)
        self.asked = 0

    def read_flow_runs(self, *, flow_filter, flow_run_filter, limit):
        self.asked += 1
        found = [
            SimpleNamespace(id=name)
            for name, (door, state, ended) in self.runs.items()
            if door in flow_filter.name.any_
            and state in [kind.value for kind in flow_run_filter.state.type.any_]
            and ended <= flow_run_filter.end_time.before_
        ]
        return found[:limit]

    def delete_flow_run(self, name):
        del self.runs[name]


def test_yesterdays_quiet_runs_of_doors_that_run_by_themselves_go(monkeypatch):
    now = datetime.now(UTC)
    ages = {"old": timedelta(hours=25), "young": timedelta(hours=23)}
    states = ("COMPLETED", "CANCELLED", "FAILED", "CRASHED")
    runs = {
        f"{age} {state} {door.name}": (door.name, state, now - ages[age])
        for age in ages
        for state in states
        for door in DOORS
    }
    gone = {f"old {state} {door}" for state in states[:2] for door in ("inbox", "sweep", "maintain")}
    client = answer(monkeypatch, prune, Client(runs))
    assert prune.prune() == len(gone)
    assert runs.keys() - client.runs.keys() == gone


def test_however_many_there_are_all_go(monkeypatch):
    ended = datetime.now(UTC) - timedelta(days=2)
    client = answer(monkeypatch, prune, Client({str(n): ("inbox", "COMPLETED", ended) for n in range(450)}))
    assert prune.prune() == 450
    assert (client.runs, client.asked) == ({}, 4)
