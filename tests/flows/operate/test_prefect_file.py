"""The file for Prefect's own command says of every door what the table says."""

import pytest
import yaml

from flows.operate.prefect_file import HEADER, prefect_file
from flows.run.deployments import DOORS


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.name)
def test_every_door_is_deployed_as_the_table_says(door):
    text = prefect_file()
    assert text.startswith(HEADER)
    content = yaml.safe_load(text)
    assert (content["name"], content["pull"], len(content["deployments"])) == ("talepress", [], len(DOORS))
    (made,) = [one for one in content["deployments"] if one["name"] == door.name]
    assert made.pop("description") == door.description
    assert made.pop("work_pool") == {"name": door.pool}
    schedules = [{"cron": door.cron, "timezone": "UTC", "active": True, "slug": "own"}] if door.cron else None
    assert made.pop("schedules", None) == schedules
    limit = {"limit": 1, "collision_strategy": "CANCEL_NEW"} if door.alone else None
    assert made.pop("concurrency_limit", None) == limit
    assert made == {"name": door.name, "entrypoint": door.entrypoint}
