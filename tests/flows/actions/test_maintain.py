"""Damage is found and named by kind, and mended as far as that goes without speaking; no audio is ever deleted."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from flows.actions import maintain
from flows.actions.maintain import Health
from flows.services import open_services, read_settings
from storage.errors import BookBusyError, DuplicateError, NotFoundError, StorageError
from storage.records import Master, RunState
from tasks.errors import BadInputError
from tasks.synthesize.render import run_job
from tests.flows.cli.test_maintain import flip, render_job
from tests.flows.cli.test_plan import ordered
from tortoise_core.errors import AudioError


@pytest.fixture
def library(voiced_home):
    """Three takes, two masters and a voice."""
    with open_services(read_settings()) as services:
        takes = run_job(render_job(services)).takes
        with services.database.unit_of_work() as uow:
            uow.takes.add(takes)
            for name in ("one", "two"):
                address = services.store.put_bytes(name.encode())
                uow.masters.save(name, Master(0, name, address, 24_000, 9, -19.0, -3.0))
            uow.commit()
        yield services, takes


def files(services):
    return set(services.store.addresses())


def test_what_is_sound_is_counted(library):
    health = maintain.verify(library[0])
    assert health == Health(3, 2, 1, (), (), (), ())
    assert (health.ok, health.describe()) == (True, ["3 takes, 2 masters and 1 added voice are sound"])


@pytest.mark.parametrize("found", ["damaged_takes", "found_takes", "damaged_masters", "damaged_voices"])
def test_a_library_is_sound_where_nothing_of_any_kind_is_to_be_mended(found):
    health = Health(3, 2, 1, (), (), (), ())
    one = replace(health, **{found: ("key",) if found != "damaged_voices" else (("tone", "the fault"),)})
    assert (health.ok, one.ok, len(one.describe())) == (True, False, 1)


@pytest.mark.parametrize("damage", [flip, Path.unlink], ids=["a bit", "gone"])
def test_each_kind_of_damage_is_found_named_and_mended(library, damage):
    services, takes = library
    with services.database.snapshot() as uow:
        (voice,) = uow.voices.list()
        master = uow.masters.audio()["two"]
    for address in (takes[1].audio_sha256, master, voice.latents_sha256):
        damage(services.store.path(address))
    health = maintain.verify(services)
    assert (health.damaged_takes, health.damaged_masters, health.found_takes) == ((takes[1].key,), ("two",), ())
    ((name, fault),) = health.damaged_voices
    assert (name, health.ok) == ("tone", False)
    assert health.describe() == ["1 of 3 takes are gone or damaged", "1 of 2 masters are gone or damaged", fault]

    before = files(services)
    mended = maintain.repair(services, health)
    assert mended == Health(2, 1, 1, (), (), (), ())
    assert files(services) >= before, "audio was deleted"
    with services.database.snapshot() as uow:
        assert set(uow.takes.audio(lost=True)) == {takes[1].key}
        assert set(uow.masters.audio()) == {"one"}
        assert uow.voices.list() == (voice,)  # of the same clips, by the same name, described as before


def test_a_take_that_is_back_is_used_again_and_one_that_is_back_broken_is_not(library):
    services, takes = library
    paths = [services.store.path(take.audio_sha256) for take in takes[:2]]
    for path in paths:
        path.rename(path.with_suffix(".away"))
    maintain.repair(services, maintain.verify(services))
    for path in paths:
        path.with_suffix(".away").rename(path)
    flip(paths[1])
    health = maintain.verify(services)
    assert (health.found_takes, health.damaged_takes, health.takes) == ((takes[0].key,), (), 1)
    assert (health.ok, health.describe()) == (False, ["1 lost takes have their files back"])
    assert maintain.repair(services, health).ok
    with services.database.snapshot() as uow:
        assert set(uow.takes.audio()) == {takes[0].key, takes[2].key}


@pytest.mark.parametrize(
    "error", [StorageError("no room"), BadInputError("no speech"), AudioError("no audio")], ids=repr
)
def test_a_voice_that_cannot_be_made_again_keeps_nothing_else_from_being_mended(library, monkeypatch, error):
    def fail(*_):
        raise error

    services, takes = library
    with services.database.snapshot() as uow:
        (voice,) = uow.voices.list()
    for address in (takes[1].audio_sha256, voice.latents_sha256):
        flip(services.store.path(address))
    monkeypatch.setattr(maintain, "enrol_voice", fail)
    health = maintain.verify(services)
    mended = maintain.repair(services, health)
    assert (mended.takes, mended.damaged_takes, mended.damaged_voices) == (2, (), health.damaged_voices)


def test_a_voice_whose_clip_is_damaged_too_is_for_a_person_to_mend(library):
    services, _ = library
    with services.database.snapshot() as uow:
        (voice,) = uow.voices.list()
    flip(services.store.path(voice.latents_sha256))
    flip(services.store.path(voice.clips[0]))
    health = maintain.verify(services)
    mended = maintain.repair(services, health)
    assert mended.damaged_voices == health.damaged_voices != ()
    assert services.store.is_whole(voice.latents_sha256) is False


def test_rows_are_made_of_files_that_say_what_they_are_and_no_others(library, monkeypatch):
    services, takes = library
    monkeypatch.setattr(maintain, "_ROWS_AT_ONCE", 2)
    services.database.close()
    for file in services.settings.storage.folder.glob("talepress.db*"):
        file.unlink()
    flip(services.store.path(takes[2].audio_sha256))
    with open_services(services.settings) as again:
        made = maintain.rebuild(again)
        assert (made.takes, made.damaged, made.files) == (2, 1, len(files(again)))
        with again.database.snapshot() as uow:
            assert set(uow.takes.audio()) == {take.key for take in takes[:2]}
        assert maintain.rebuild(again) == made
        with again.database.snapshot() as uow:
            assert set(uow.takes.audio()) == {take.key for take in takes[:2]}


def test_a_library_is_copied_to_an_empty_database_and_stays_where_it_is(library, tmp_path, book):
    services, takes = library
    order = ordered(book, tmp_path / "out")
    url = f"sqlite:///{tmp_path / 'copy.db'}"
    with services.database.unit_of_work() as uow:
        uow.books.save(order.book, order.script)
        run = uow.runs.start(order.source, "book_to_audio", {})
        uow.commit()
    with pytest.raises(BookBusyError):  # its takes would be missing
        maintain.copy_database(services, url)
    assert not (tmp_path / "copy.db").exists()
    with services.database.unit_of_work() as uow:
        uow.runs.finish(run, RunState.DONE)
        uow.commit()
    assert maintain.copy_database(services, url)["takes"] == len(takes)
    with pytest.raises(DuplicateError):
        maintain.copy_database(services, url)
    with open_services(read_settings(storage={"database_url": url})) as copied, copied.database.snapshot() as uow:
        assert set(uow.takes.audio()) == {take.key for take in takes}


def test_without_a_library_there_is_nothing_to_copy(home, tmp_path):
    with open_services(read_settings()) as services, pytest.raises(NotFoundError, match="nothing was copied"):
        maintain.copy_database(services, f"sqlite:///{tmp_path / 'copy.db'}")
    assert not (tmp_path / "copy.db").exists()


def test_looking_at_a_library_whose_store_is_away_changes_nothing(library):
    from storage.errors import StoreUnavailableError

    services, _ = library
    shutil.move(services.settings.storage.artifacts, f"{services.settings.storage.artifacts}-away")
    with pytest.raises(StoreUnavailableError):
        maintain.verify(services)
    with services.database.snapshot() as uow:
        assert (len(uow.takes.audio()), len(uow.masters.audio())) == (3, 2)
