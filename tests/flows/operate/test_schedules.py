"""Schedules by a server that notes what it is asked for: what is doubled, and what is not."""

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from uuid import NAMESPACE_DNS, uuid5

import httpx
import pytest
from prefect.client.schemas.objects import StateType
from prefect.client.schemas.schedules import CronSchedule, IntervalSchedule
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError

from flows.operate import schedules
from flows.operate.deploy import OWN_SCHEDULE
from flows.operate.schedules import Planned
from flows.run.deployments import DOORS
from tasks.errors import BadInputError

ASKED = ("book-to-audio", "The Book: 2", {"book": "/b.epub", "out": "/out"}, "0 1 * * *", "Europe/Berlin")


class Server:
    """The deployments of a server with their schedules, by name."""

    def __init__(self):
        self.schedules = {}
        self.names = {}  # by id
        self.made = []
        self.coming = {}  # by deployment
        self.refuses = ""

    def read_flow_runs(self, *, flow_run_filter, sort, limit):
        (deployment,) = flow_run_filter.deployment_id.any_
        assert flow_run_filter.state.type.any_ == [StateType.SCHEDULED]
        assert (sort.value, limit) == ("EXPECTED_START_TIME_ASC", 200)
        return self.coming.get(self.names[deployment], [])

    def read_deployment_by_name(self, name):
        if self.schedules is None:
            raise ObjectNotFound(Exception(name))
        made = uuid5(NAMESPACE_DNS, name)
        self.names[made] = name
        return SimpleNamespace(id=made, schedules=self.schedules.setdefault(name, []))

    def create_deployment_schedules(self, deployment, made):
        if self.refuses:
            answer = httpx.Response(422, json={"detail": self.refuses}, request=httpx.Request("POST", "http://x"))
            raise PrefectHTTPStatusError("no", request=answer.request, response=answer)
        self.made += [(self.names[deployment], one) for one in made]
        self.schedules[self.names[deployment]] += [
            SimpleNamespace(id=one.slug, slug=one.slug, schedule=one.schedule, parameters=one.parameters)
            for one in made
        ]

    def delete_deployment_schedule(self, deployment, schedule):
        name = self.names[deployment]
        self.schedules[name] = [one for one in self.schedules[name] if one.id != schedule]

    @property
    def slugs(self):
        return [one.slug for own in self.schedules.values() for one in own]


@pytest.fixture
def server(monkeypatch):
    made = Server()

    @contextmanager
    def client(*, sync_client):
        yield made

    monkeypatch.setattr(schedules, "get_client", client)
    return made


def test_the_same_schedule_again_is_the_same(server):
    door, title, request, *when = ASKED
    turned = dict(reversed(request.items()))
    assert schedules.add_schedule(*ASKED) == schedules.add_schedule(door, title, turned, *when)
    (slug,) = server.slugs
    assert slug.startswith("the-book-2-")


@pytest.mark.parametrize(
    ("place", "other"),
    [
        (0, "retry-flagged"),
        (1, "The Book: 3"),
        (2, {"book": "/b.epub", "out": "/out", "voice": "joe"}),
        (2, {**ASKED[2], "book": "/another.epub"}),
        (3, "0 2 * * *"),
        (4, "America/New_York"),
    ],
    ids=["door", "title", "request", "a value of the request", "cron", "time zone"],
)
def test_what_differs_in_anything_is_another_schedule(server, place, other):
    asked = list(ASKED)
    asked[place] = other
    assert schedules.add_schedule(*ASKED) != schedules.add_schedule(*asked)
    assert len(server.slugs) == 2


def test_what_is_removed_is_gone_and_what_is_not_there_is_named(server):
    slug = schedules.add_schedule(*ASKED)
    assert schedules.remove_schedule(slug) == "book-to-audio"
    assert server.slugs == []
    for name in (slug, OWN_SCHEDULE):
        with pytest.raises(BadInputError, match=f"no schedule '{name}'"):
            schedules.remove_schedule(name)


@pytest.mark.parametrize(("cron", "zone"), [("every night", "UTC"), ("0 1 * *", "UTC"), ("0 1 * * *", "Nowhere/Land")])
def test_what_is_no_time_is_refused_before_the_server_is_asked(server, cron, zone):
    with pytest.raises(BadInputError, match="is no time"):
        schedules.add_schedule(*ASKED[:3], cron, zone)
    assert server.slugs == []


def test_a_schedule_asks_the_door_for_the_request_at_its_time(server):
    door, _, request, cron, zone = ASKED
    slug = schedules.add_schedule(*ASKED)
    ((deployment, made),) = server.made
    assert (deployment, made.slug, made.parameters) == (f"{door}/{door}", slug, {"request": request})
    assert (made.schedule.cron, made.schedule.timezone) == (cron, zone)


@pytest.mark.parametrize(
    ("title", "begins"), [("Ünïque -- 2!", "n-que-2-"), ("x" * 60, f"{'x' * 40}-"), ("a" * 39 + " b", f"{'a' * 39}-")]
)
def test_a_name_is_short_and_of_plain_letters(server, title, begins):
    slug = schedules.add_schedule(ASKED[0], title, *ASKED[2:])
    assert (slug[:-4], len(slug[-4:])) == (begins, 4)
    assert schedules.add_schedule(ASKED[0], "***", *ASKED[2:]).startswith("books-")


def test_what_the_server_refuses_or_does_not_have_is_told(server):
    server.refuses = "voice: 'nobody' is not one of"
    with pytest.raises(BadInputError, match="Prefect refuses the schedule: voice: 'nobody'"):
        schedules.add_schedule(*ASKED)
    server.schedules = None
    for call in (lambda: schedules.add_schedule(*ASKED), schedules.list_schedules):
        with pytest.raises(BadInputError, match="is not deployed on this server: `talepress deploy`"):
            call()


def schedule(slug, when, request, *, active=True):
    return SimpleNamespace(id=slug, slug=slug, schedule=when, parameters=request, active=active)


def run(request, minute, *, auto=True, begins=True):
    moment = datetime(2026, 11, 30, 1, minute, 30, tzinfo=UTC) if begins else None
    return SimpleNamespace(parameters=request, expected_start_time=moment, auto_scheduled=auto)


def test_schedules_of_all_doors_are_listed_each_with_its_next_run(server):
    first, second = ({"request": {"book": f"/{name}.epub"}} for name in "ab")
    server.schedules = {
        "book-to-audio/book-to-audio": [
            schedule("a-1", CronSchedule(cron="0 1 * * *", timezone="Europe/Berlin"), first),
            schedule("b-2", CronSchedule(cron="0 2 * * *", timezone="UTC"), second, active=False),
        ],
        "sweep/sweep": [schedule("own", IntervalSchedule(interval=timedelta(minutes=5)), {})],
    }
    server.coming = {
        "book-to-audio/book-to-audio": [
            run(first, 10, auto=False),  # somebody has asked for it by hand
            run(first, 20, begins=False),
            run(first, 30),
            run(first, 40),
        ]
    }
    listed = schedules.list_schedules()
    order = [door.name for door in DOORS]
    assert [one.door for one in listed] == sorted((one.door for one in listed), key=order.index)
    by_name = {one.name: one for one in listed}
    assert by_name["a-1"] == Planned(
        "a-1", order[0], first["request"], "0 1 * * *", "Europe/Berlin", True, "2026-11-30T01:30+00:00"
    )
    assert (by_name["b-2"].active, by_name["b-2"].next) == (False, "")
    assert by_name["own"] == Planned("own", "sweep", {}, "every 0:05:00", "UTC", True, "")


def test_a_schedule_of_any_door_is_removed_by_its_name(server):
    server.schedules = {
        "publish/publish": [schedule("p-1", None, {}), schedule("p-2", None, {})],
        "sweep/sweep": [schedule("own", None, {})],
    }
    assert schedules.remove_schedule("p-2") == "publish"
    assert sorted(server.slugs) == ["own", "p-1"]
