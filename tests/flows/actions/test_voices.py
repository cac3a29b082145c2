"""A voice is added in one of three ways, whole or not at all."""

import pytest

from flows.actions import voices
from flows.actions.voices import add_voice
from flows.services import open_services, read_settings
from tasks.errors import BadInputError, UnknownVoiceError
from tests.flows.samples import write_clip


def add(name, clips=(), mix="", seed=None, description=""):
    with open_services(read_settings()) as services:
        return add_voice(services, name, clips, mix=mix, seed=seed, description=description)


def added():
    with open_services(read_settings()) as services:
        return {voice.name: voice for voice in services.added_voices()}


def test_each_way_makes_a_voice_that_the_library_keeps(home, tmp_path, monkeypatch):
    monkeypatch.setattr(voices, "advise", lambda clips: tuple(f"{clip.name} echoes" for clip in clips))
    clips = [write_clip(tmp_path / "a.wav"), write_clip(tmp_path / "b.wav", 90)]
    ann, advice = add("ann", clips, description="calm")
    assert advice == ("a.wav echoes", "b.wav echoes")
    bob, nothing = add("bob", seed=0)  # a number as others
    eve, none = add("eve", mix="ann&bob:0.25", description="both")
    assert (nothing, none) == ((), ())
    assert added() == {"ann": ann, "bob": bob, "eve": eve}
    assert (ann.description, len(ann.clips), eve.description) == ("calm", 2, "both")
    assert len({ann.digest, bob.digest, eve.digest}) == 3
    for name in ("ann", "slt"):
        with pytest.raises(BadInputError, match=name):
            add(name, seed=1)


def test_a_voice_is_made_of_the_number_or_the_shares_that_are_given(home):
    made = [add(f"one{seed}", seed=seed)[0] for seed in (0, 1, 2)]
    made += [add(f"both{number}", mix=mix)[0] for number, mix in enumerate(("slt&joe", "slt&joe:0.3", "slt:0.3&joe"))]
    assert len({voice.digest for voice in made}) == 6
    assert add("again", seed=1)[0].digest == made[1].digest
    assert add("both", mix="slt&joe:0.3")[0].digest == made[4].digest


def test_recordings_are_checked_and_used_as_the_settings_say(home, tmp_path, monkeypatch):
    clip = write_clip(tmp_path / "a.wav")
    asked = []
    enrol = voices.enrol_voice
    monkeypatch.setattr(voices, "check_clip", lambda *given: asked.append(given))
    monkeypatch.setattr(voices, "enrol_voice", lambda *given: asked.append(given[2:]) or enrol(*given))
    add("ann", [clip], description="calm")
    settings = read_settings().voices
    assert asked == [(clip, settings), ("ann", [clip], settings, "calm")]


@pytest.mark.parametrize(
    "ways", [{}, {"mix": "slt&joe", "seed": 0}, {"clips": ["a.wav"], "seed": 0}, {"clips": ["a.wav"], "mix": "slt&joe"}]
)
def test_one_of_the_three_is_to_be_given(home, ways):
    with pytest.raises(BadInputError, match="one of the three"):
        add("dan", **ways)
    assert not home.exists()


def test_what_cannot_be_used_is_refused_and_nothing_is_saved(home, tmp_path):
    (tmp_path / "noise.wav").write_bytes(b"no sound")
    with pytest.raises(BadInputError, match=r"noise\.wav"):
        add("dan", [write_clip(tmp_path / "good.wav"), tmp_path / "noise.wav"])
    with pytest.raises(BadInputError, match="name"):
        add("no/name", seed=1)
    assert not home.exists()
    with pytest.raises(UnknownVoiceError, match="zoe"):
        add("dan", mix="slt&zoe")
    assert added() == {}
