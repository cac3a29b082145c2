"""The door that keeps a library in order: what it always does, and what it fails for."""

import logging

import pytest

from flows import maintain as door
from flows.actions.maintain import Health
from flows.maintain import Upkeep
from flows.services import Services, read_settings
from tasks.errors import TalepressError

SOUND = Health(3, 2, 1, (), (), (), ())
DAMAGED = Health(3, 2, 1, ("key",), (), (), (("low", "voice 'low' is damaged: add it again"),))


@pytest.fixture
def kept(home, monkeypatch):
    """Goes through the door; verifying finds a health. Returns what was done, in order."""

    def go(health, request=None):
        done = []
        monkeypatch.setattr(door, "send_logs", lambda: done.append("logs"))
        monkeypatch.setattr(door, "introduce_process", lambda: done.append("introduced"))
        monkeypatch.setattr(door, "prune", lambda: done.append("pruned") or 2)
        monkeypatch.setattr(door, "verify", lambda services: done.append("verified") or health)
        monkeypatch.setattr("storage.database.Database.back_up", lambda database: done.append("backed up"))
        door.maintain.fn(*([request] if request else []))
        return done

    return go


def make_library():
    services = Services(read_settings())
    assert services.store
    services.close()


def test_every_library_is_backed_up_and_read_whole_only_where_that_is_asked_for(kept, caplog):
    caplog.set_level(logging.INFO, "flows.maintain")
    make_library()
    assert kept(DAMAGED) == ["logs", "introduced", "pruned", "backed up"]
    assert caplog.messages == ["2 old runs were removed from Prefect's database", "the database was backed up"]
    assert kept(SOUND, Upkeep(verify=True)) == ["logs", "introduced", "pruned", "backed up", "verified"]
    assert caplog.messages[-1] == "3 takes, 2 masters and 1 added voice are sound"


def test_damage_fails_the_run_once_all_of_it_is_said(kept, caplog):
    caplog.set_level(logging.INFO, "flows.maintain")
    make_library()
    with pytest.raises(TalepressError, match="`talepress maintain verify --repair` mends"):
        kept(DAMAGED, Upkeep(verify=True))
    assert caplog.messages[-2:] == ["1 of 3 takes are gone or damaged", "voice 'low' is damaged: add it again"]


def test_where_there_is_no_library_none_is_made(kept, home):
    assert kept(DAMAGED, Upkeep(verify=True)) == ["logs", "introduced", "pruned"]
    assert not home.exists()
