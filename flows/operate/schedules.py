"""When deployments run by themselves: schedules on Prefect's server, each with a name and its own request.

They are Prefect's own: its page shows, pauses and changes them. Knows nothing of what is asked for.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterDeploymentId, FlowRunFilterState
from prefect.client.schemas.filters import FlowRunFilterStateType as StateTypes
from prefect.client.schemas.objects import DeploymentSchedule, StateType
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.schedules import CronSchedule
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from pydantic import ValidationError

from flows.operate.deploy import OWN_SCHEDULE
from flows.run.deployments import DOORS, full_name
from tasks.errors import BadInputError

NAME_CHARS = 40
PLANNED = 200  # runs looked at for the next one of each schedule


@dataclass(frozen=True)
class Planned:
    """A schedule, for people."""

    name: str
    door: str
    request: Mapping[str, Any]
    when: str  # as Prefect has it: a cron line, or an interval
    timezone: str
    active: bool
    next: str  # ISO 8601; "" where no run is planned


def add_schedule(door: str, title: str, request: Mapping[str, Any], cron: str, timezone: str) -> str:
    """Has a door run by a cron line with this request. Returns the schedule's name, made of the title.

    The same schedule again is the same: nothing is doubled.

    Raises:
        BadInputError: a cron line or a time zone that is none, a request that the form refuses, nothing deployed.
    """
    try:
        when = CronSchedule(cron=cron, timezone=timezone)
    except ValidationError as error:
        reason = str(error.errors()[0]["msg"])
        raise BadInputError(f"--cron {cron!r} in {timezone!r} is no time ({reason}): such as '0 1 * * *'") from error
    slug = _slug(title, f"{door} {cron} {timezone} {sorted(request.items())}")
    with get_client(sync_client=True) as client:
        deployment = _deployment(client, door)
        if any(schedule.slug == slug for schedule in deployment.schedules):
            return slug
        made = DeploymentScheduleCreate(schedule=when, slug=slug, parameters={"request": dict(request)})
        try:
            client.create_deployment_schedules(deployment.id, [made])
        except PrefectHTTPStatusError as error:
            raise BadInputError(f"Prefect refuses the schedule: {error.response.json().get('detail')}") from error
    return slug


def list_schedules() -> list[Planned]:
    """Lists the schedules of all doors."""
    found = []
    with get_client(sync_client=True) as client:
        for door in DOORS:
            deployment = _deployment(client, door.name)
            coming = _coming(client, deployment)
            found += [_planned(door.name, schedule, coming) for schedule in deployment.schedules]
    return found


def remove_schedule(name: str) -> str:
    """Removes the schedule of that name, and the runs that it has planned. Returns the door that it was for.

    Raises `BadInputError` where there is none.
    """
    with get_client(sync_client=True) as client:
        for door in DOORS:
            deployment = _deployment(client, door.name)
            for schedule in deployment.schedules:
                if schedule.slug == name and name != OWN_SCHEDULE:
                    client.delete_deployment_schedule(deployment.id, schedule.id)
                    return door.name
    raise BadInputError(f"there is no schedule {name!r}: `talepress schedule list` shows all")


def _deployment(client: SyncPrefectClient, door: str) -> DeploymentResponse:
    try:
        return client.read_deployment_by_name(full_name(door))
    except ObjectNotFound as error:
        raise BadInputError(f"{door} is not deployed on this server: `talepress deploy` does that") from error


def _coming(client: SyncPrefectClient, deployment: DeploymentResponse) -> list[tuple[Any, str]]:
    """What a deployment's planned runs are asked for, and when they begin, the next one first."""
    runs = client.read_flow_runs(
        flow_run_filter=FlowRunFilter(
            deployment_id=FlowRunFilterDeploymentId(any_=[deployment.id]),
            state=FlowRunFilterState(type=StateTypes(any_=[StateType.SCHEDULED])),
        ),
        sort=FlowRunSort.EXPECTED_START_TIME_ASC,
        limit=PLANNED,
    )
    return [
        (run.parameters, run.expected_start_time.isoformat(timespec="minutes"))
        for run in runs
        if run.auto_scheduled and run.expected_start_time is not None
    ]


def _planned(door: str, schedule: DeploymentSchedule, coming: list[tuple[Any, str]]) -> Planned:
    when = schedule.schedule
    written = when.cron if isinstance(when, CronSchedule) else f"every {getattr(when, 'interval', 'rule')}"
    following = next((time for parameters, time in coming if parameters == schedule.parameters), "")
    request = schedule.parameters.get("request", {})
    timezone = getattr(when, "timezone", None) or "UTC"
    return Planned(schedule.slug or "", door, request, written, timezone, schedule.active, following)


def _slug(title: str, content: str) -> str:
    """A name that says what it is for, and is another for another content."""
    words = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:NAME_CHARS].rstrip("-") or "books"
    return f"{words}-{hashlib.sha256(content.encode()).hexdigest()[:4]}"
