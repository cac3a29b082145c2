"""A recording goes through one of two chains of a model, with the voice and the settings that one asks for."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from flows.actions import resynthesize as action
from flows.actions.resynthesize import resynthesize
from flows.services import open_services, read_settings
from tasks.errors import BadInputError, OutputError
from tasks.synthesize.engines import ENGINES
from tortoise_core.inference.fake import FAKE

CLIP = Path("clip.wav")
SOUND = np.full(12_000, 0.25, np.float32)


class Half:
    """The acoustic half of a model, which notes what it is asked for. It takes two seconds for all that it does."""

    def __init__(self):
        self.asked = []
        self.seconds = 0.0

    def load(self, model, device, precision):
        self.seconds += 100.0
        self.asked.append(("load", model, device, precision))
        return self

    def through_vocoder(self, clips):
        self.seconds += 2.0
        self.asked.append(("vocoder", clips))
        return [SOUND]

    def through_codes(self, clips, speakers, settings):
        self.seconds += 2.0
        self.asked.append(("codes", clips, speakers, settings))
        return [SOUND]

    def voice(self, references):
        return f"voice of {[str(path) for path in references]}"


@pytest.fixture
def half(home, monkeypatch):
    made = Half()
    monkeypatch.setitem(ENGINES, "fake", replace(FAKE, resynthesis=made.load))
    monkeypatch.setattr(action, "time", SimpleNamespace(perf_counter=lambda: made.seconds))
    monkeypatch.setattr(action, "read_latents", lambda voice, store: f"latents of {voice.name}")
    return made


@pytest.fixture
def services(half, monkeypatch):
    with open_services(read_settings(synthesize={"voice": "slt", "device": "cpu"})) as services:
        monkeypatch.setattr(services, "voice", lambda name: SimpleNamespace(name=name))
        monkeypatch.setattr(type(services), "store", "store")
        yield services


@pytest.mark.parametrize(
    ("options", "speaker", "steps"),
    [
        ({}, "voice of ['clip.wav']", None),
        ({"references": [Path("a.wav"), Path("b.wav")]}, "voice of ['a.wav', 'b.wav']", None),
        ({"voice": "joe", "steps": 7}, "latents of joe", 7),
    ],
)
def test_codes_are_spoken_by_who_is_named_or_by_the_recording_itself(half, services, tmp_path, options, speaker, steps):
    made = resynthesize(services, CLIP, tmp_path / "out.wav", "codes", **options)
    settings = services.sampling if steps is None else services.sampling_with(diffusion_steps=steps)
    load, spoken = half.asked
    assert load == ("load", services.synthesize.model, "cpu", services.precision)
    assert spoken == ("codes", [CLIP], [speaker], settings)
    assert soundfile.info(made.path).samplerate == 24_000
    assert made.json() == {
        "path": str(tmp_path / "out.wav"),
        "through": "codes",
        "seconds": 0.5,
        "wall_seconds": 2.0,  # loading is not in it
    }


def test_the_vocoder_alone_needs_no_voice(half, services, tmp_path):
    assert resynthesize(services, CLIP, tmp_path / "out.wav", "vocoder").json()["through"] == "vocoder"
    assert half.asked[1:] == [("vocoder", [CLIP])]
    audio, _ = soundfile.read(tmp_path / "out.wav", dtype="int16")
    assert (len(audio), set(audio.tolist())) == (12_000, {round(0.25 * 32767)})


@pytest.mark.parametrize(
    ("chain", "options", "message"),
    [
        ("vocoder", {"voice": "joe"}, "leave --voice"),
        ("vocoder", {"references": [CLIP]}, "leave --voice"),
        ("vocoder", {"steps": 3}, "leave --voice"),
        ("codes", {"voice": "joe", "references": [CLIP]}, "give one of them"),
        ("codes", {"voice": "joe [sad,]"}, "takes no direction"),
    ],
)
def test_options_that_do_not_go_together_are_refused_before_anything_is_loaded(
    half, services, tmp_path, chain, options, message
):
    with pytest.raises(BadInputError, match=message):
        resynthesize(services, CLIP, tmp_path / "out.wav", chain, **options)
    assert half.asked == []


def test_a_place_that_cannot_be_written_is_refused_before_anything_is_loaded(half, services, tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises((BadInputError, OutputError), match="file"):
        resynthesize(services, CLIP, tmp_path / "file" / "out.wav", "codes")
    assert half.asked == []


def test_an_engine_without_such_a_half_is_refused_with_those_that_have_one(services, tmp_path, monkeypatch):
    monkeypatch.setitem(ENGINES, "fake", FAKE)
    with pytest.raises(BadInputError, match=r"the fake engine has no acoustic half .*\(tortoise\)"):
        resynthesize(services, CLIP, tmp_path / "out.wav", "codes")
