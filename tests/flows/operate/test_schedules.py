"""Schedules by a server that notes what it is asked for: what is doubled, and what is not."""

from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from flows.operate import schedules
from flows.operate.deploy import OWN_SCHEDULE
from tasks.errors import BadInputError

ASKED = ("book-to-audio", "The Book: 2", {"book": "/b.epub", "out": "/out"}, "0 1 * * *", "Europe/Berlin")


class Server:
    """The deployments of a server with their schedules, by name."""

    def __init__(self):
        self.schedules = {}

    def read_deployment_by_name(self, name):
        return SimpleNamespace(id=name, schedules=self.schedules.setdefault(name, []))

    def create_deployment_schedules(self, deployment, made):
        self.schedules[deployment] += [
            SimpleNamespace(id=one.slug, slug=one.slug, schedule=one.schedule, parameters=one.parameters)
            for one in made
        ]

    def delete_deployment_schedule(self, deployment, schedule):
        self.schedules[deployment] = [one for one in self.schedules[deployment] if one.id != schedule]

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
    assert schedules.add_schedule(*ASKED) == schedules.add_schedule(*ASKED)
    (slug,) = server.slugs
    assert slug.startswith("the-book-2-")


@pytest.mark.parametrize(
    ("place", "other"),
    [
        (0, "retry-flagged"),
        (1, "The Book: 3"),
        (2, {"book": "/b.epub", "out": "/out", "voice": "joe"}),
        (3, "0 2 * * *"),
        (4, "America/New_York"),
    ],
    ids=["door", "title", "request", "cron", "time zone"],
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
