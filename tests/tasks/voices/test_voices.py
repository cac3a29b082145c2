"""Voices: finding, enrolling and removing them, and what their files hold."""

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from safetensors.torch import save

from storage.artifacts import ArtifactStore
from tasks.errors import BadInputError, UnknownVoiceError
from tasks.voices.catalogue import (
    VoiceCredit,
    check_latents,
    check_new_name,
    check_removable,
    credit_of,
    directed_voice,
    find_voice,
    read_latents,
    shipped_voices,
    voice_names,
)
from tasks.voices.enrol import enrol_voice, make_random_voice, mix_voices
from tasks.voices.latents import MAX_BYTES, digest_latents, pack_latents, unpack_latents
from tasks.voices.recipes import parse_mix
from tests.tasks.audio import RATE, latents, write_clip
from tortoise_core.inference.fake import FakeEngine

MODEL = FakeEngine().digest


@pytest.fixture
def folder(tmp_path):
    """A folder of shipped voices with one in it."""
    folder = tmp_path / "voices"
    folder.mkdir()
    (folder / "ann.safetensors").write_bytes(pack_latents(latents()))
    (folder / "ann.toml").write_text('name = "ann"\ndescription = "Warm"\nmade_from = "Ann"\nlicence = "CC0-1.0"\n')
    return folder


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
def test_a_voice_from_clips(store, settings, tmp_path, suffix):
    clips = [write_clip(tmp_path / f"{n}.{suffix}", seconds=3 + n) for n in range(2)]
    engine = FakeEngine()
    voice = enrol_voice(engine, store, "bob", clips, settings.voices, "Deep")
    assert (voice.name, voice.description, voice.model_digest) == ("bob", "Deep", engine.digest)
    assert [store.read(address) for address in voice.clips] == [clip.read_bytes() for clip in clips]
    assert np.array_equal(read_latents(voice, store)["auto"], engine.voice_from_clips(clips)["auto"])
    assert voice.digest == digest_latents(engine.voice_from_clips(clips))
    assert find_voice("bob", MODEL, store, [voice]) == voice
    assert credit_of(voice) == VoiceCredit("bob", "Deep", "2 recordings that you added", "")


def test_clips_that_cannot_be_used(store, settings, tmp_path):
    (tmp_path / "text.wav").write_text("not audio")
    soundfile.write(tmp_path / "nan.wav", np.full(4 * RATE, np.nan), RATE, subtype="FLOAT")
    small = settings.voices.model_copy(update={"max_clip_bytes": 1000})
    good = write_clip(tmp_path / "good.wav")
    for clips, limits, message in (
        ([tmp_path / "missing.wav"], settings.voices, "no such file"),
        ([tmp_path], settings.voices, "no such file"),
        ([tmp_path / "text.wav"], settings.voices, "cannot be read as audio"),
        ([write_clip(tmp_path / "short.wav", 0.5)], settings.voices, "0.5 s long"),
        ([write_clip(tmp_path / "long.wav", 61)], settings.voices, "61.0 s long"),
        ([write_clip(tmp_path / "silent.wav", peak=0.001)], settings.voices, "silent"),
        ([tmp_path / "nan.wav"], settings.voices, "silent"),
        ([good], small, "larger than 1000 bytes"),
        ([good] * 17, settings.voices, "17 clips"),
        ([], settings.voices, "0 clips"),
        ([good, tmp_path / "text.wav"], settings.voices, "cannot be read as audio"),
    ):
        with pytest.raises(BadInputError, match=message):
            enrol_voice(FakeEngine(), store, "bob", clips, limits)
    stored = [path for path in Path(settings.storage.artifacts).rglob("*") if path.is_file()]
    assert stored == []


def test_shipped_voices_need_no_row(store, folder):
    voice = find_voice("ann", MODEL, store, folder=folder)
    assert voice.description == "Warm"
    assert voice.digest == digest_latents(latents())
    assert np.array_equal(read_latents(voice, store)["diffusion"], latents()["diffusion"])
    assert credit_of(voice, folder) == shipped_voices(folder)[0].credit == VoiceCredit("ann", "Warm", "Ann", "CC0-1.0")


def test_a_publisher_is_told_of_every_voice_whose_speech_it_was_made_from():
    credits = [voice.credit for voice in shipped_voices()]
    assert [credit.name for credit in credits] == ["awb", "joe", "rms", "slt"]
    assert all(credit.description and credit.made_from and credit.licence for credit in credits)


def test_unknown_voices_are_told_with_those_there_are(store, settings, folder, tmp_path):
    bob = enrol_voice(FakeEngine(), store, "bob", [write_clip(tmp_path / "c.wav")], settings.voices)
    with pytest.raises(UnknownVoiceError, match="unknown voice 'eve': use one of ann, bob, or make one"):
        find_voice("eve", MODEL, store, [bob], folder)
    with pytest.raises(UnknownVoiceError, match=r"'bob' was made by another model.*ann"):
        find_voice("bob", "other model", store, [bob], folder)
    with pytest.raises(UnknownVoiceError, match=r"^unknown voice .eve.: make one: `talepress voice add"):
        find_voice("eve", MODEL, store, folder=tmp_path)
    assert voice_names(MODEL, [bob], folder) == ("ann", "bob")
    assert voice_names("other model", [bob], folder) == ("ann",)


def test_names_of_new_voices(store, settings, folder, tmp_path):
    bob = enrol_voice(FakeEngine(), store, "bob", [write_clip(tmp_path / "c.wav")], settings.voices)
    check_new_name("eve-2_b", [bob], folder)
    for name in ("", "../x", "a/b", "Ann", "-x", "x" * 65, "é", "a b"):
        with pytest.raises(BadInputError, match="cannot name a voice"):
            check_new_name(name, [bob], folder)
    with pytest.raises(BadInputError, match="comes with the program"):
        check_new_name("ann", [bob], folder)
    with pytest.raises(BadInputError, match="already"):
        check_new_name("bob", [bob], folder)


def flip(path):
    data = bytearray(path.read_bytes())
    data[-3] ^= 1  # a bit of a number
    path.chmod(0o644)
    path.write_bytes(data)


@pytest.mark.parametrize("damage", [flip, Path.unlink], ids=["one bit", "missing"])
@pytest.mark.parametrize("use", [read_latents, check_latents])
def test_damaged_latents_are_refused_with_the_commands_that_mend_them(store, settings, tmp_path, damage, use):
    clip = write_clip(tmp_path / "c.wav")
    bob = enrol_voice(FakeEngine(), store, "bob", [clip], settings.voices)
    use(bob, store)
    damage(store.path(bob.latents_sha256))
    remedy = f"run `talepress voice remove bob`, then `talepress voice add bob {store.path(bob.clips[0])}`"
    with pytest.raises(BadInputError) as refused:
        use(bob, store)
    assert bob.latents_sha256 in str(refused.value)
    assert remedy in str(refused.value)
    assert enrol_voice(FakeEngine(), store, "bob", [store.path(bob.clips[0])], settings.voices).digest == bob.digest
    use(bob, store)


def test_latents_of_another_voice_are_refused(store, settings, tmp_path):
    bob = enrol_voice(FakeEngine(), store, "bob", [write_clip(tmp_path / "c.wav")], settings.voices)
    eve = replace(bob, digest="0" * 64, clips=("0" * 64,))
    with pytest.raises(BadInputError, match=r"is another voice's: .*`talepress voice add bob CLIP\.\.\.`"):
        read_latents(eve, store)


def test_a_shipped_voice_heals_itself_from_its_file_and_a_changed_file_is_refused(store, folder):
    voice = find_voice("ann", MODEL, store, folder=folder)
    flip(store.path(voice.latents_sha256))
    read_latents(find_voice("ann", MODEL, store, folder=folder), store)
    file = folder / "ann.safetensors"
    with (folder / "ann.toml").open("a") as toml:
        toml.write(f'sha256 = "{hashlib.sha256(file.read_bytes()).hexdigest()}"\n')
    find_voice("ann", MODEL, store, folder=folder)
    flip(file)
    with pytest.raises(BadInputError, match=r"ann\.safetensors has changed .*git checkout"):
        find_voice("ann", MODEL, store, folder=folder)


def test_every_voice_that_comes_with_the_program_has_its_sha256(store):
    for voice in shipped_voices():
        assert len(voice.sha256) == 64
        find_voice(voice.name, MODEL, store)


def test_removing(store, settings, folder, tmp_path):
    bob = enrol_voice(FakeEngine(), store, "bob", [write_clip(tmp_path / "c.wav")], settings.voices)
    check_removable("bob", [bob], folder)
    with pytest.raises(BadInputError, match="cannot be removed"):
        check_removable("ann", [bob], folder)
    with pytest.raises(UnknownVoiceError, match="can be removed are bob"):
        check_removable("eve", [bob], folder)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not a voice file"),
        (b"\xff" * 100, "not a voice file"),
        (save({}), "holds no tensors"),
        (save({"auto": torch.zeros(2), "diffusion": torch.zeros(1, 2)}), "no row of finite numbers"),
        (save({"auto": torch.full((1, 2), torch.inf), "diffusion": torch.zeros(1, 2)}), "no row of finite numbers"),
        (bytes(2 << 20), "too many"),
        (save({"auto": torch.zeros(1, 2), "diffusion": torch.zeros(2, 2)}), "no row of finite numbers"),
        (save({"auto": torch.zeros(1, 2, 2)}), "no row of finite numbers"),
        (save({"auto": torch.zeros(1, 2), "diffusion": torch.tensor([[0.0, torch.nan]])}), "no row of finite numbers"),
        (save({"auto": torch.full((1, 2), 1e300, dtype=torch.float64)}), "no row of finite numbers"),
        (save({"auto": torch.zeros(1, 2, dtype=torch.bfloat16)}), "not a voice file"),
    ],
)
def test_files_that_are_no_voices(data, message):
    with pytest.raises(BadInputError, match=message):
        unpack_latents(data, "x.safetensors")


def test_a_voice_file_is_as_large_as_it_may_be_and_no_larger(monkeypatch):
    assert MAX_BYTES == 1 << 20
    data = pack_latents(latents())
    monkeypatch.setattr("tasks.voices.latents.MAX_BYTES", len(data))
    assert digest_latents(unpack_latents(data, "x")) == digest_latents(latents())
    with pytest.raises(BadInputError, match="are too many for a voice file"):
        unpack_latents(data + b" ", "x")


def test_files_and_digests_of_voices_do_not_change():
    """Changing these values makes everybody render every book again."""
    assert digest_latents(latents()) == "9b9186663eeb9e18b368efec0e0aec710c40f3b7f61f3cb053ac374ffccabaac"
    packed = hashlib.sha256(pack_latents(latents())).hexdigest()
    assert packed == "f4b6864f63b55716ca276d668004365ff8a4c0020606f2cb48c85eda736755a5"


def test_the_digest_is_of_the_values():
    half = {"auto": latents()["auto"].astype(np.float16), "diffusion": np.zeros((1, 2))}
    assert digest_latents(half) == digest_latents({**half, "auto": half["auto"].astype(np.float32)})
    assert digest_latents(half) == digest_latents(dict(reversed(half.items())))
    assert digest_latents(half) != digest_latents({**half, "diffusion": np.zeros((1, 3))})
    assert digest_latents(half) != digest_latents({**half, "extra": np.zeros((1, 3))})
    assert digest_latents(half) != digest_latents({"auto": half["auto"], "other": np.zeros((1, 2))})
    assert digest_latents(unpack_latents(pack_latents(latents()), "")) == digest_latents(latents())


def test_a_damaged_description_is_told(folder):
    (folder / "ann.toml").write_text("name = ")
    with pytest.raises(BadInputError, match=r"ann\.toml: not a TOML file"):
        shipped_voices(folder)


def test_a_mix_is_the_weighted_mean_of_its_voices(store, folder):
    ann = find_voice("ann", MODEL, store, folder=folder)
    bob = make_random_voice(FakeEngine(), store, "bob", 7)
    with pytest.raises(ValueError, match="shape"):  # the fake engine's voices have other sizes than those of the folder
        mix_voices(store, "eve", [(ann, 0.7), (bob, 0.3)])
    cyd = make_random_voice(FakeEngine(), store, "cyd", 8)
    eve = mix_voices(store, "eve", [(bob, 0.7), (cyd, 0.3)], "Both")
    mixed, first, second = (read_latents(voice, store)["auto"] for voice in (eve, bob, cyd))
    np.testing.assert_array_equal(mixed, np.float32(0.7) * first + np.float32(0.3) * second)
    assert (eve.recipe, eve.model_digest, eve.clips) == ("mix bob:0.7&cyd:0.3", MODEL, ())
    assert len({voice.digest for voice in (bob, cyd, eve)}) == 3


def test_whose_speech_voices_without_recordings_are(store, folder):
    bob = make_random_voice(FakeEngine(), store, "bob", 7, "Nobody")
    assert credit_of(bob, folder) == VoiceCredit("bob", "Nobody", "nobody: the model made it up from the number 7", "")
    eve = replace(bob, name="eve", recipe="mix ann:0.75&bob:0.25")
    credit = credit_of(eve, folder)
    assert (credit.made_from, credit.licence) == ("a mix of ann (75%) and bob (25%)", "CC0-1.0 and that of bob")


def test_a_damaged_voice_without_recordings_is_made_again_by_its_recipe(store):
    bob = make_random_voice(FakeEngine(), store, "bob", 7)
    store.remove(bob.latents_sha256)
    with pytest.raises(BadInputError, match="then `talepress voice add bob --random 7`"):
        check_latents(bob, store)
    with pytest.raises(BadInputError, match=r"then `talepress voice add bob --mix 'a:0\.5&b:0\.5'`"):
        check_latents(replace(bob, recipe="mix a:0.5&b:0.5"), store)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("joe&slt", {"joe": 0.5, "slt": 0.5}),
        ("joe&slt:0.3", {"joe": 0.7, "slt": 0.3}),
        ("joe:.25 & slt:0.75", {"joe": 0.25, "slt": 0.75}),
        ("a:0.5&b&c", {"a": 0.5, "b": 0.25, "c": 0.25}),
    ],
)
def test_shares_of_a_mix_come_to_one(text, parts):
    assert dict(parse_mix(text)) == pytest.approx(parts)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("joe", "two voices or more"),
        ("joe&", "two voices or more"),
        ("joe&Slt!", "two voices or more"),
        ("joe&slt:-1", "two voices or more"),
        ("joe&joe", "twice"),
        ("joe:0.5&slt:0.3", "come to 0.8"),
        ("joe:1&slt", "come to 1"),
        ("joe:1&slt:0", "above 0"),
    ],
)
def test_a_mix_that_makes_no_sense(text, message):
    with pytest.raises(BadInputError, match=message):
        parse_mix(text)


def test_a_voice_with_a_direction_is_the_same_latents_under_another_digest(store, folder):
    ann = find_voice("ann", MODEL, store, folder=folder)
    sad = directed_voice(ann, "I am really sad")
    assert (sad.name, sad.latents_sha256) == ("ann [I am really sad,]", ann.latents_sha256)
    assert np.array_equal(read_latents(sad, store)["auto"], read_latents(ann, store)["auto"])
    assert len({ann.digest, sad.digest, directed_voice(ann, "I am glad").digest}) == 3
    assert directed_voice(sad, "Hush!").name == "ann [Hush!]"
    with pytest.raises(BadInputError, match=r"is another voice's: .*`talepress voice remove ann`"):
        read_latents(replace(sad, name="ann [I am glad,]"), store)
    assert credit_of(sad, folder).made_from == credit_of(ann, folder).made_from
    assert credit_of(sad, folder).name == "ann [I am really sad,]"


@pytest.mark.parametrize("damage", [flip, Path.unlink], ids=["one bit", "missing"])
def test_a_voice_whose_clips_are_damaged_too_is_not_to_be_made_of_them(store, settings, tmp_path, damage):
    clips = [write_clip(tmp_path / f"{n}.wav", 3 + n) for n in range(2)]
    bob = enrol_voice(FakeEngine(), store, "bob", clips, settings.voices)
    store.remove(bob.latents_sha256)
    damage(store.path(bob.clips[1]))
    with pytest.raises(
        BadInputError, match=r"`talepress voice remove bob`, then `talepress voice add bob CLIP\.\.\.`$"
    ):
        check_latents(bob, store)


def test_what_is_not_known_of_a_voice_is_not_made_up(store, settings, folder, tmp_path):
    bob = enrol_voice(FakeEngine(), store, "bob", [write_clip(tmp_path / "c.wav")], settings.voices)
    assert credit_of(bob, folder) == VoiceCredit("bob", "", "1 recording that you added", "")
    (folder / "cyd.safetensors").write_bytes(pack_latents(latents()))
    assert [voice.credit for voice in shipped_voices(folder)][1] == VoiceCredit("cyd", "", "", "")
    eve = replace(bob, name="eve", recipe="mix ann:0.5&cyd:0.5")
    assert credit_of(eve, folder).licence == "CC0-1.0 and that of cyd"
    (folder / "cyd.toml").write_text('licence = "CC0-1.0"')
    assert credit_of(eve, folder) == VoiceCredit("eve", "", "a mix of ann (50%) and cyd (50%)", "CC0-1.0")
    with pytest.raises(UnknownVoiceError, match=r"unknown voice 'eve': those that can be removed are none$"):
        check_removable("eve", [], folder)


@pytest.mark.parametrize("place", ["{}/my artifacts; rm -r x", "memory://{}/voices"])
def test_what_mends_a_voice_can_be_pasted_into_a_shell_wherever_its_clips_lie(settings, tmp_path, place):
    store = ArtifactStore(place.format(tmp_path))
    bob = enrol_voice(FakeEngine(), store, "bob", [write_clip(tmp_path / "c.wav")], settings.voices)
    store.remove(bob.latents_sha256)
    with pytest.raises(BadInputError) as refused:
        check_latents(bob, store)
    clip = "CLIP..." if "://" in place else f"'{store.path(bob.clips[0])}'"
    assert str(refused.value).endswith(f"then `talepress voice add bob {clip}`")
