"""The parts that flows and commands work with: opened when first used, closed at the end, checked in between."""

import pytest

from flows.services import Services, open_services, read_settings
from storage.errors import DatabaseError
from tasks.errors import BadInputError, UnknownVoiceError
from tests.flows.samples import add_voice


def test_asking_a_home_that_is_not_there_makes_none(home):
    with open_services(read_settings()) as services:
        assert (services.has_database(), services.books(), services.added_voices()) == (False, (), ())
    assert not home.exists()


def test_what_was_opened_is_closed_also_after_a_failure(voiced_home, monkeypatch):
    closed = []

    def close(database):
        closed.append(database)

    monkeypatch.setattr("storage.database.Database.close", close)
    with open_services(read_settings()):
        pass
    assert closed == []
    with pytest.raises(ValueError, match="no"), open_services(read_settings()) as services:
        opened = services.database
        assert services.database is opened
        raise ValueError("no")
    assert closed == [opened]


@pytest.mark.parametrize(
    ("given", "voice"), [({"voice": "joe"}, "joe"), ({"voice": ""}, "tone"), ({"voice": None}, "tone")]
)
def test_what_is_not_given_leaves_the_configured_value(home, given, voice):
    assert read_settings(synthesize=given).synthesize.voice == voice


def test_a_false_value_is_a_value(home):
    settings = read_settings(segment={"markup": False}, qa={"retakes": 0})
    assert (settings.segment.markup, settings.qa.retakes) == (False, 0)


def test_a_setting_that_cannot_be_is_bad_input(home):
    with pytest.raises(BadInputError, match="retakes"):
        read_settings(qa={"retakes": -1})


def test_a_store_that_belongs_to_a_library_is_given_no_new_database(voiced_home):
    for file in voiced_home.glob("talepress.db*"):
        file.unlink()
    services = Services(read_settings())
    assert services.has_database() is True
    with pytest.raises(DatabaseError, match="there is no library in it"):
        _ = services.database
    assert not (voiced_home / "talepress.db").exists()


def test_a_voice_is_found_by_its_name_or_that_of_the_settings(voiced_home):
    add_voice(voiced_home, "low", pitch_hz=80)
    with open_services(read_settings()) as services:
        assert services.voice().name == "tone"
        assert services.voice("low").name == "low"
        assert services.voice("low").digest != services.voice("tone").digest
        with pytest.raises(UnknownVoiceError, match="unknown voice 'nobody'"):
            services.voice("nobody")
        voice, latents = services.reader("low")
        assert voice == services.voice("low") and latents is not None


def test_a_direction_makes_another_voice(voiced_home):
    with open_services(read_settings()) as services:
        sad = services.voice("tone [I am really sad,]")
        assert (sad.name != "tone", sad.digest != services.voice("tone").digest) == (True, True)
        assert services.reader("tone [I am really sad,]")[0] == sad


def test_a_damaged_voice_is_not_used(voiced_home):
    with open_services(read_settings()) as services:
        path = services.store.path(services.voice().latents_sha256)
        path.chmod(0o644)
        path.write_bytes(b"x" * path.stat().st_size)
        with pytest.raises(BadInputError):
            services.voice()
        path.unlink()
        with pytest.raises(BadInputError):
            services.voice()
