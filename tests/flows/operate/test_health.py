"""`talepress doctor --production` names what is missing, each with its remedy; all well: `tests/e2e/test_inbox.py`."""

import pytest

from flows.run.deployments import DOORS, full_name

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
