"""A Prefect server on which everything is deployed for a test, and nothing left behind: other tests count."""

import pytest

from flows.run.deployments import DOORS, POOLS, full_name


@pytest.fixture
def client(prefect_server):
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        yield client


@pytest.fixture
def deployed(client):
    """Deploys for so many devices, as often as it is called. Returns the names."""
    from flows.operate.deploy import deploy

    made = []

    def make(devices=1, choices=None):
        made.append(devices)
        return deploy(devices, choices or {})

    yield make
    if not made:
        return
    for door in DOORS:
        client.delete_deployment(client.read_deployment_by_name(full_name(door.name)).id)
    for pool in POOLS:
        client.delete_work_pool(pool)
