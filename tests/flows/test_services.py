"""The parts that flows and commands work with: opened when first used, closed at the end, checked in between."""

import errno

import pytest

from flows import services as parts
from flows.order.order import prepare
from flows.order.request import Request
from flows.services import Services, open_services, read_settings
from storage.errors import DatabaseError
from storage.records import VoiceRecord
from tasks.errors import BadInputError, OutputError, UnknownVoiceError
from tasks.voices.catalogue import directed_voice
from tests.flows.samples import add_voice
from tortoise_core.errors import ConfigError


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


def test_a_voice_that_comes_with_the_program_is_read_from_its_own_file(home, monkeypatch):
    voice = VoiceRecord("joe", "d" * 64, "e" * 64)
    asked = []
    monkeypatch.setattr(parts, "shipped_voice", lambda *given: asked.append(given) or (voice, b"latents"))
    monkeypatch.setattr(parts, "unpack_latents", lambda data, what: (data, what))
    with open_services(read_settings()) as services:
        assert services.reader("joe") == (voice, (b"latents", "voice 'joe'"))
        directed, _ = services.reader("joe [I am sad,]")
        assert directed == directed_voice(voice, "I am sad,")
        assert services.reader()[0] == voice
        digest = services.front_end.digest
    assert asked == [("joe", digest), ("joe", digest), (services.settings.synthesize.voice, digest)]
    assert not home.exists()


def test_a_direction_may_take_half_of_what_the_model_says_in_one_go_and_no_more(voiced_home, monkeypatch):
    with open_services(read_settings()) as services:
        most = services.front_end.max_text_tokens // 2
        monkeypatch.setattr(type(services.front_end), "token_count", lambda model, text: len(text))
        assert services.voice(f"tone [{'x' * most}]")
        with pytest.raises(BadInputError, match=rf"voice tone \[x{{{most + 1}}}\]: the direction takes more than half"):
            services.voice(f"tone [{'x' * (most + 1)}]")


def test_what_a_home_holds_is_listed(voiced_home, book, tmp_path):
    with open_services(read_settings()) as services:
        order = prepare(services, Request(book=str(book), out=str(tmp_path / "out")))
        with services.database.unit_of_work() as uow:
            uow.books.save(order.book, order.script)
            uow.commit()
        assert [summary.title for summary in services.books()] == ["The Small Book"]
        assert [voice.name for voice in services.added_voices()] == ["tone"]
        assert services.has_database() is True
        with pytest.raises(ConfigError):
            services.sampling_with(nonsense=1)
        assert services.sampling_with() == services.sampling


def test_a_store_that_cannot_be_written_is_said_in_words(home, monkeypatch):
    def fail(*_):
        raise OSError(errno.ENOSPC, "no room")

    monkeypatch.setattr("storage.pairing.open_store", fail)
    with open_services(read_settings()) as services, pytest.raises(OutputError):
        _ = services.store
