"""Makes pools and deployments on a Prefect server what the table of doors says, as often as it is asked to.

What people have changed on Prefect's page stays: schedules, pauses, tags, automations. Must not know what a flow does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import (
    DeploymentScheduleCreate,
    DeploymentUpdate,
    WorkPoolCreate,
    WorkPoolUpdate,
)
from prefect.client.schemas.objects import ConcurrencyLimitStrategy, ConcurrencyOptions
from prefect.client.schemas.schedules import CronSchedule
from prefect.exceptions import ObjectNotFound

from flows.operate.form import Choices, with_choices
from flows.run.deployments import DESK, DOORS, GPU, POOLS, Door, find_flow, full_name

DESK_RUNS = 2  # at a time: a look at the inbox need not wait for a book to be published
OWN_SCHEDULE = "own"  # slug of the schedule that the table gives


def deploy(devices: int, choices: Mapping[str, Choices]) -> list[str]:
    """Makes or updates pools and deployments on the server of `PREFECT_API_URL`.

    Args:
        devices: how many runs may speak at a time; 0: as many as there are workers, each of which takes one.
        choices: of the forms.

    Returns:
        The names of the deployments.
    """
    with get_client(sync_client=True) as client:
        for pool, limit in ((GPU, devices or None), (DESK, DESK_RUNS)):
            _make_pool(client, pool, limit)
        for door in DOORS:
            _make_deployment(client, door, choices)
    return [door.name for door in DOORS]


def _make_pool(client: SyncPrefectClient, name: str, limit: int | None) -> None:
    try:
        client.read_work_pool(name)
    except ObjectNotFound:
        made = WorkPoolCreate(name=name, type="process", description=POOLS[name], concurrency_limit=limit)
        client.create_work_pool(made)
    else:
        client.update_work_pool(name, WorkPoolUpdate(description=POOLS[name], concurrency_limit=limit))


def _make_deployment(client: SyncPrefectClient, door: Door, choices: Mapping[str, Choices]) -> None:
    values: dict[str, Any] = {
        "description": door.description,
        "entrypoint": door.entrypoint,
        "work_pool_name": door.pool,
        "concurrency_limit": 1 if door.alone else None,
        "concurrency_options": ConcurrencyOptions(collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW)
        if door.alone
        else None,
        "parameter_openapi_schema": with_choices(find_flow(door.name).parameters.model_dump(), choices),
        "enforce_parameter_schema": True,
        "pull_steps": [],
    }
    try:
        found = client.read_deployment_by_name(full_name(door.name))
    except ObjectNotFound:
        flow_id = client.create_flow_from_name(door.name)
        client.create_deployment(flow_id, door.name, schedules=_own_schedule(door), **values)
    else:
        client.update_deployment(found.id, DeploymentUpdate(**values))


def _own_schedule(door: Door) -> list[DeploymentScheduleCreate]:
    """The schedule that a new deployment begins with; afterwards it is the user's to change."""
    if not door.cron:
        return []
    cron = CronSchedule(cron=door.cron)
    return [DeploymentScheduleCreate(schedule=cron, slug=OWN_SCHEDULE)]
