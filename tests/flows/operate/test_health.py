"""`talepress doctor --production` names what is missing, each with its remedy; all well: `tests/e2e/test_inbox.py`."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from prefect.client.schemas.objects import StateType, WorkerStatus
from prefect.exceptions import ObjectNotFound

from flows.operate import health
from flows.run.deployments import DOORS, full_name
from tests.flows.operate.prefect_client import answer

pytestmark = pytest.mark.timeout(900)


def examined():
    from flows.operate.health import examine_production

    return {check.name: check for check in examine_production()}


def test_what_is_missing_is_named_with_its_remedy(client, deployed):
    found = examined()
    assert found["server"].ok
    assert {name: check.remedy for name, check in found.items() if not check.ok} == {
        "deployments": "talepress deploy",
        "scheduler": "look into the server's log; start `talepress up` again",
        "workers of gpu": "talepress deploy",
        "workers of desk": "talepress deploy",
    }
    assert all(door.name in found["deployments"].detail for door in DOORS)

    deployed()
    found = examined()
    assert found["deployments"].ok
    assert found["workers of gpu"].detail == "none is online"
    assert found["workers of gpu"].remedy == found["workers of desk"].remedy == "start `talepress up`"
    client.send_worker_heartbeat("gpu", "a-box-gpu0", heartbeat_interval_seconds=30)
    assert examined()["workers of gpu"].detail == "online: a-box-gpu0"

    from prefect.client.schemas.actions import DeploymentUpdate

    other = client.read_deployment_by_name(full_name("publish"))
    client.update_deployment(other.id, DeploymentUpdate(entrypoint="flows.elsewhere.publish"))
    assert examined()["deployments"].detail == "not there: publish (of another version)"


class Client:
    """A server with these deployments (entrypoints by name), pools (workers by name) and runs that are planned."""

    api_url = "http://server/api"

    def __init__(self, deployments, pools, planned=()):
        self.deployments = deployments
        self.pools = pools
        self.planned = planned

    def api_version(self):
        return "3.9"

    def read_deployment_by_name(self, name):
        if name not in self.deployments:
            raise ObjectNotFound(Exception(name))
        return SimpleNamespace(entrypoint=self.deployments[name])

    def read_work_pool(self, name):
        if name not in self.pools:
            raise ObjectNotFound(Exception(name))

    def read_workers_for_work_pool(self, name):
        return [SimpleNamespace(name=worker, status=WorkerStatus(status)) for worker, status in self.pools[name]]

    def read_flow_runs(self, *, flow_run_filter, deployment_filter, sort, limit):
        assert flow_run_filter.state.type.any_ == [StateType.SCHEDULED]
        assert (sort.value, limit) == ("EXPECTED_START_TIME_ASC", 200)
        now = datetime.now(UTC)
        doors = deployment_filter.name.any_
        return [SimpleNamespace(expected_start_time=now + ahead) for door, ahead in self.planned if door in doors]


DEPLOYED = {full_name(door.name): door.entrypoint for door in DOORS}
POOLS = {"gpu": [("box-gpu0", "ONLINE")], "desk": [("box-desk", "ONLINE"), ("old", "OFFLINE")]}
SOON = [("inbox", timedelta(seconds=30))]


def answered(monkeypatch, deployments=DEPLOYED, pools=POOLS, planned=SOON):
    answer(monkeypatch, health, Client(deployments, pools, planned))
    return {check.name: check for check in health.examine_production()}


def test_a_server_in_health_is_told_as_it_is(monkeypatch):
    checks = answered(monkeypatch)
    assert all(check.ok for check in checks.values())
    assert checks["server"].detail == "http://server/api, Prefect 3.9"
    assert checks["workers of desk"].detail == "online: box-desk"


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        (lambda deployed: deployed.pop("inbox/inbox"), "not there: inbox"),
        (lambda deployed: deployed.update({"publish/publish": "elsewhere"}), "not there: publish (of another version)"),
    ],
)
def test_what_is_not_deployed_as_it_is_now_is_named(monkeypatch, change, missing):
    deployed = dict(DEPLOYED)
    change(deployed)
    check = answered(monkeypatch, deployments=deployed)["deployments"]
    assert (check.ok, check.detail, check.remedy) == (False, missing, "talepress deploy")


@pytest.mark.parametrize(
    ("planned", "alive"),
    [
        ([], False),
        ([("inbox", timedelta(minutes=4))], True),
        ([("inbox", timedelta(minutes=6))], False),
        ([("inbox", -timedelta(minutes=1))], False),
        ([("book-to-audio", timedelta(seconds=30))], False),  # that does not run by itself
        ([("inbox", -timedelta(minutes=1)), ("sweep", timedelta(minutes=1))], True),
    ],
)
def test_a_scheduler_that_plans_nothing_soon_is_taken_for_dead(monkeypatch, planned, alive):
    assert answered(monkeypatch, planned=planned)["scheduler"].ok is alive


@pytest.mark.parametrize(
    ("pools", "found", "remedy"),
    [
        ({"desk": POOLS["desk"]}, "there is no such pool", "talepress deploy"),
        ({**POOLS, "gpu": []}, "none is online", "start `talepress up`"),
        ({**POOLS, "gpu": [("box-gpu0", "OFFLINE")]}, "none is online", "start `talepress up`"),
    ],
)
def test_a_pool_without_a_worker_is_named_with_the_remedy(monkeypatch, pools, found, remedy):
    checks = answered(monkeypatch, pools=pools)
    assert (checks["workers of gpu"].ok, checks["workers of gpu"].detail) == (False, found)
    assert checks["workers of gpu"].remedy == remedy
    assert checks["workers of desk"].ok


def test_runs_that_wait_for_a_worker_are_counted_by_their_pool(monkeypatch):
    planned = [
        ("book-to-audio", -timedelta(minutes=4)),
        ("retry-failed", -timedelta(minutes=5)),
        ("book-to-audio", -timedelta(minutes=2)),
        ("book-to-audio", timedelta(minutes=10)),
        ("publish", -timedelta(minutes=4)),
    ]
    checks = answered(monkeypatch, planned=planned)
    assert checks["workers of gpu"].detail == "online: box-gpu0; waiting for a free one: 2"
    assert checks["workers of desk"].detail == "online: box-desk; waiting for a free one: 1"
