"""Which recordings are taken, to their limits, and what a voice remembers of where it came from."""

import numpy as np
import pytest
import soundfile

from configs.settings import VoicesSettings
from storage.records import VoiceRecord
from tasks.errors import BadInputError
from tasks.voices.catalogue import read_latents
from tasks.voices.enrol import check_clip, enrol_voice, make_random_voice, mix_voices
from tasks.voices.latents import digest_latents, pack_latents
from tests.tasks.audio import RATE, write_clip
from tortoise_core.errors import AudioError
from tortoise_core.inference.fake import FakeEngine

LIMITS = VoicesSettings(max_clips=2, max_clip_bytes=200_000, min_clip_s=1.0, max_clip_s=3.0)


@pytest.mark.parametrize(
    ("seconds", "peak", "problem"),
    [
        (1.0, 0.3, ""),
        (3.0, 0.3, ""),
        (0.999, 0.3, "1.0 s long; a clip lasts 1 to 3 s"),
        (3.001, 0.3, "3.0 s long; a clip lasts 1 to 3 s"),
        (2.0, 0.0101, ""),
        (2.0, 0.0099, "silent"),
    ],
)
def test_a_clip_at_its_limits(tmp_path, seconds, peak, problem):
    clip = write_clip(tmp_path / "c.wav", seconds, peak)
    if problem:
        with pytest.raises(BadInputError, match=problem):
            check_clip(clip, LIMITS)
    else:
        check_clip(clip, LIMITS)


def test_a_clip_may_have_as_many_bytes_as_it_may_and_no_more(tmp_path):
    clip = write_clip(tmp_path / "c.wav", 2.0)
    size = clip.stat().st_size
    check_clip(clip, LIMITS.model_copy(update={"max_clip_bytes": size}))
    with pytest.raises(BadInputError, match=f"larger than {size - 1} bytes"):
        check_clip(clip, LIMITS.model_copy(update={"max_clip_bytes": size - 1}))


def test_a_clip_whose_only_sound_is_below_the_line_or_in_another_channel_is_heard(tmp_path):
    audio = np.zeros((2 * RATE, 2))
    audio[-5:, 1] = -0.5
    soundfile.write(tmp_path / "c.wav", audio, RATE)
    check_clip(tmp_path / "c.wav", LIMITS)


def test_as_many_clips_as_may_be_and_no_more(store, tmp_path):
    clips = [write_clip(tmp_path / f"{n}.wav", 2.0 + n / 10) for n in range(3)]
    voice = enrol_voice(FakeEngine(), store, "bob", clips[:2], LIMITS)
    assert (len(voice.clips), voice.description, voice.recipe) == (2, "", "")
    with pytest.raises(BadInputError, match="3 clips; give 1 to 2 recordings of one speaker"):
        enrol_voice(FakeEngine(), store, "bob", clips, LIMITS)


def test_a_clip_that_the_engine_cannot_use_is_told_with_the_voice_and_nothing_is_stored(store, tmp_path, monkeypatch):
    engine = FakeEngine()
    monkeypatch.setattr(engine, "voice_from_clips", lambda clips: (_ for _ in ()).throw(AudioError("no speech in it")))
    with pytest.raises(BadInputError, match="voice 'bob': no speech in it"):
        enrol_voice(engine, store, "bob", [write_clip(tmp_path / "c.wav", 2.0)], LIMITS)
    assert list(store.files()) == []


def test_a_voice_without_recordings_remembers_its_recipe_and_what_people_are_told(store):
    engine = FakeEngine()
    bob = make_random_voice(engine, store, "bob", 7, "Deep")
    eve = mix_voices(store, "eve", [(bob, 0.5), (make_random_voice(engine, store, "cyd", 8), 0.5)], "Both")
    for voice, description, recipe in ((bob, "Deep", "random 7"), (eve, "Both", "mix bob:0.5&cyd:0.5")):
        assert (voice.description, voice.recipe, voice.clips) == (description, recipe, ())
        assert voice.model_digest == engine.digest


@pytest.mark.parametrize("number", [0, 1, 2])
def test_every_clip_is_looked_at_before_anything_is_stored(store, tmp_path, number):
    clips = [write_clip(tmp_path / f"{n}.wav", 3.5 if n == number else 2.0) for n in range(3)]
    with pytest.raises(BadInputError, match=rf"{number}\.wav: 3\.5 s long"):
        enrol_voice(FakeEngine(), store, "bob", clips, LIMITS.model_copy(update={"max_clips": 3}))
    assert list(store.files()) == []


def test_a_mix_has_what_all_of_its_voices_have(store):
    """Only some voices have what a further network hears of them."""
    rows = {"a": np.ones((1, 2), np.float32), "b": np.full((1, 2), 3.0, np.float32)}
    made = [
        VoiceRecord(name, digest_latents(own), store.put_bytes(pack_latents(own)), model_digest="m")
        for name, own in (("ann", rows), ("bob", {"a": 3 * rows["a"]}))
    ]
    for voices in (made, made[::-1]):
        mixed = read_latents(mix_voices(store, "eve", [(voice, 0.5) for voice in voices]), store)
        assert {name: row.tolist() for name, row in mixed.items()} == {"a": [[2.0, 2.0]]}
