"""The deployments as a file for Prefect's own command: `deploy/prefect.yaml`, written from the table of doors.

`talepress deploy --print` prints it; a test holds that the file in the repository is the same. Forms made by it have no
lists of choices, because it knows nothing of anybody's library.
"""

from __future__ import annotations

from typing import Any

import yaml

from flows.run.deployments import DOORS, Door

HEADER = """\
# Written by `talepress deploy --print`; do not edit. For `prefect deploy --all --prefect-file deploy/prefect.yaml`,
# once the pools are made: `prefect work-pool create gpu --type process`, and the same for desk. `talepress deploy`
# does all of it, and lists voices and presets in the forms.
"""


def prefect_file() -> str:
    """Writes the file."""
    content = {"name": "talepress", "pull": [], "deployments": [_deployment(door) for door in DOORS]}
    return HEADER + yaml.safe_dump(content, sort_keys=False, width=110, allow_unicode=True)


def _deployment(door: Door) -> dict[str, Any]:
    made: dict[str, Any] = {
        "name": door.name,
        "entrypoint": door.entrypoint,
        "description": door.description,
        "work_pool": {"name": door.pool},
    }
    if door.alone:
        made["concurrency_limit"] = {"limit": 1, "collision_strategy": "CANCEL_NEW"}
    if door.cron:
        made["schedules"] = [{"cron": door.cron, "timezone": "UTC", "active": True, "slug": "own"}]
    return made
