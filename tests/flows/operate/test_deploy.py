"""What deploying makes on a server, and what it leaves alone."""

import pytest

from flows.operate.form import Choices
from flows.order.request import Request
from flows.run.deployments import DESK, DOORS, GPU, POOLS, full_name, start
from tasks.errors import BadInputError

pytestmark = pytest.mark.timeout(900)


def test_pools_take_as_many_runs_as_there_are_devices_or_as_the_workers_of_all_boxes_take(deployed, client):
    def limits():
        return client.read_work_pool(GPU).concurrency_limit, client.read_work_pool(DESK).concurrency_limit

    for devices, limit in ((2, 2), (0, None), (1, 1), (0, None)):
        assert deployed(devices) == [door.name for door in DOORS]
        assert limits() == (limit, 2)


def test_what_runs_by_itself_has_its_schedule_once_and_runs_alone(deployed, client):
    deployed()
    deployed()
    for door in DOORS:
        made = client.read_deployment_by_name(full_name(door.name))
        assert [one.schedule.cron for one in made.schedules] == ([door.cron] if door.cron else [])
        alone = made.global_concurrency_limit.limit if made.global_concurrency_limit else None
        assert (made.work_pool_name, alone) == (door.pool, 1 if door.alone else None)
        assert (made.entrypoint, made.pull_steps) == (door.entrypoint, [])
        assert (made.description, made.enforce_parameter_schema) == (door.description, True)
        strategy = made.concurrency_options.collision_strategy.value if made.concurrency_options else None
        assert strategy == ("CANCEL_NEW" if door.alone else None)
        assert [one.slug for one in made.schedules] == (["own"] if door.cron else [])
    for name, description in POOLS.items():
        pool = client.read_work_pool(name)
        assert (pool.type, pool.description) == ("process", description)


def test_what_the_form_refuses_is_bad_input_in_one_sentence(deployed):
    """One order with a voice that nobody has must not stop the inbox."""
    deployed(choices={"voice": Choices({"joe": ""}, "joe")})
    refused = r"the form of the deployment 'book-to-audio' refuses the order: .*'nobody' is not one of"
    with pytest.raises(BadInputError, match=refused):
        start("book-to-audio", Request(book="/b.epub", out="/out", voice="nobody"), "once")
