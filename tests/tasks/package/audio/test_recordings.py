"""Encoded audio is known by all that shapes it, is used again, and lies under its key whole or not at all."""

import hashlib
import json
from contextvars import ContextVar
from dataclasses import replace

import numpy as np
import pytest

from storage.artifacts import ArtifactStore
from storage.records import Master
from tasks import stopping
from tasks.package.audio import recordings as recordings_module
from tasks.package.audio.encode import Stretch
from tasks.package.audio.recordings import (
    RECORDING_FORMAT_VERSION,
    EncodedAudio,
    Recording,
    encode_side_by_side,
)
from tasks.synthesize.render import encode_flac
from tests.tasks.audio import RATE

MASTER = Master(0, "One", "a" * 64, RATE, 9000, -19.0, -3.5, ())
STRETCH = Stretch(MASTER, -10, 9020)
WAV = ("-c:a", "pcm_s16le")


def recording(*stretches, codec=WAV, container="wav", ffmpeg=""):
    return Recording(stretches or (STRETCH,), codec, container, ffmpeg)


@pytest.fixture
def version(monkeypatch):
    monkeypatch.setattr(recordings_module, "ffmpeg_version", lambda chosen: f"9.0.2{chosen}")


def test_the_key_is_the_digest_of_all_that_shapes_the_audio(version):
    """Written down with version 1. Another key has every file encoded again: do so only with a new version."""
    louder = replace(STRETCH, gain_db=3.0, ceiling_dbtp=-1.0, room=(100, 8000))
    content = {
        "version": 1,
        "stretches": [["a" * 64, -10, 9020, 0.0, None], ["a" * 64, -10, 9020, 3.0, -1.0, 100, 8000]],
        "codec": list(WAV),
        "container": "wav",
        "ffmpeg": "9.0.2",
    }
    assert RECORDING_FORMAT_VERSION == 1
    assert recording(STRETCH, louder).key == hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


OTHERS = {
    "master": recording(replace(STRETCH, master=replace(MASTER, audio_sha256="b" * 64))),
    "start": recording(replace(STRETCH, start=0)),
    "stop": recording(replace(STRETCH, stop=9000)),
    "gain": recording(replace(STRETCH, gain_db=2.0)),
    "ceiling of a gain": recording(replace(STRETCH, gain_db=2.0, ceiling_dbtp=-1.0)),
    "attenuation": recording(replace(STRETCH, gain_db=-2.0)),
    "room": recording(replace(STRETCH, room=(0, 9000))),
    "more": recording(STRETCH, STRETCH),
    "codec": recording(codec=("-c:a", "flac")),
    "order of arguments": recording(codec=WAV[::-1]),
    "container": recording(container="flac"),
    "ffmpeg": recording(ffmpeg="other"),
}


def test_whatever_shapes_the_audio_is_in_the_key(version):
    keys = {what: one.key for what, one in OTHERS.items()}
    assert len({recording().key, *keys.values()}) == len(OTHERS) + 1


def test_what_does_not_shape_the_audio_is_in_no_key(version):
    assert recording(replace(STRETCH, ceiling_dbtp=-1.0)).key == recording().key  # nothing is made louder
    quieter = replace(STRETCH, gain_db=-2.0)
    assert recording(replace(quieter, ceiling_dbtp=-1.0)).key == recording(quieter).key
    renamed = replace(MASTER, title="Two", chapter_index=4, loudness_lufs=-23.0)
    assert recording(replace(STRETCH, master=renamed)).key == recording().key


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return ArtifactStore(tmp_path_factory.mktemp("artifacts"))


@pytest.fixture(scope="module")
def stretches(store):
    """Two masters of noise, whole."""
    masters = []
    for number in range(2):
        audio = 0.1 * np.random.default_rng(number).standard_normal(3000)
        masters.append(Master(number, "", store.put_bytes(encode_flac(audio, RATE)), RATE, 3000, -20.0, -3.0, ()))
    return tuple(Stretch(master, 0, 3000) for master in masters)


@pytest.fixture
def encodings(monkeypatch):
    """How many files are written at once by each run of ffmpeg."""
    counts = []
    encode = recordings_module.encode

    def counted(targets, *arguments, **named):
        counts.append(len(targets))
        encode(targets, *arguments, **named)

    monkeypatch.setattr(recordings_module, "encode", counted)
    return counts


@pytest.fixture
def encoded(tmp_path):
    (tmp_path / "encoded").mkdir()
    return EncodedAudio(tmp_path / "encoded", {})


def test_audio_lies_under_its_key_and_is_found_there_before_what_is_published(encoded, store, stretches, tmp_path):
    one = recording(*stretches)
    assert encoded.find(one.key) is None
    published = EncodedAudio(encoded.folder, {one.key: tmp_path / "published.wav"})
    assert published.find(one.key) == tmp_path / "published.wav"
    encoded.encode(store, [one])
    assert published.find(one.key) == encoded.find(one.key) == encoded.folder / one.key
    assert [path.name for path in encoded.folder.iterdir()] == [one.key]


def test_what_is_found_is_not_encoded_again_and_the_rest_at_once(encoded, encodings, store, stretches, tmp_path):
    wav = recording(*stretches)
    flac = recording(*stretches, codec=("-c:a", "flac"), container="flac")
    aiff = recording(*stretches, codec=("-c:a", "pcm_s16be"), container="aiff")
    encoded.encode(store, [wav])
    encoded.encode(store, [wav, flac, aiff])
    encoded.encode(store, [wav, flac, aiff])
    EncodedAudio(tmp_path / "none", {wav.key: tmp_path / "published.wav"}).encode(store, [wav])
    assert encodings == [1, 2]
    heads = {path.name: path.read_bytes()[:4] for path in encoded.folder.iterdir()}
    assert heads == {wav.key: b"RIFF", flac.key: b"fLaC", aiff.key: b"FORM"}


def test_audio_whose_masters_are_made_meanwhile_has_the_key_of_those_that_came(encoded, encodings, store, stretches):
    waiting = Recording(iter(stretches), WAV, "wav", "")
    encoded.encode(store, [waiting])
    key = recording(*stretches).key
    assert [path.name for path in encoded.folder.iterdir()] == [key]
    encoded.encode(store, [Recording(iter(stretches), WAV, "wav", "")])
    assert encodings == [1, 1]  # nobody knew the key before


def test_trouble_leaves_nothing_half_done(encoded, store, stretches):
    def broken():
        yield stretches[0]
        raise OSError("the engine is gone")

    with pytest.raises(OSError, match="the engine is gone"):
        encoded.encode(store, [Recording(broken(), WAV, "wav", "")])
    assert not list(encoded.folder.iterdir())


def test_a_file_has_its_key_once_it_is_on_the_disk(encoded, store, stretches, monkeypatch):
    one = recording(*stretches)
    published = []
    publish = recordings_module.publish

    def noted(temporary, final):
        published.append((temporary.name.endswith(".partial"), temporary.parent, final))
        publish(temporary, final)

    monkeypatch.setattr(recordings_module, "publish", noted)
    encoded.encode(store, [one])
    assert published == [(True, encoded.folder, encoded.folder / one.key)]


def test_once_the_user_asks_for_the_end_nothing_is_encoded(encoded, encodings, store, stretches, monkeypatch):
    monkeypatch.setattr(stopping._stop, "requested", True)
    with pytest.raises(stopping.Stopped):
        encoded.encode(store, [recording(*stretches)])
    assert encodings == []


def test_recordings_of_one_sound_are_encoded_together(encoded, encodings, store, stretches):
    first, second = stretches
    asked = [
        recording(first),
        recording(second),
        recording(first, codec=("-c:a", "flac"), container="flac"),
        recording(first, second),
        recording(replace(first, gain_db=-1.0)),
    ]
    told = []
    encode_side_by_side(encoded, store, asked, lambda done, total: told.append((done, total)))
    assert sorted(encodings) == [1, 1, 1, 2]
    assert [total for _, total in told] == [5] * 4
    steps = [done for done, _ in told]
    assert steps == sorted(steps) and steps[-1] == 5
    assert {path.name for path in encoded.folder.iterdir()} == {one.key for one in asked}


def test_what_another_ffmpeg_shall_encode_is_not_encoded_by_this_one(encoded, store, stretches, version, monkeypatch):
    groups = []
    monkeypatch.setattr(EncodedAudio, "encode", lambda self, store, group: groups.append([one.ffmpeg for one in group]))
    asked = [recording(stretches[0], ffmpeg=ffmpeg, container=kind) for ffmpeg in ("", "b") for kind in ("wav", "flac")]
    encode_side_by_side(encoded, store, asked, lambda done, total: None)
    assert sorted(groups) == [["", ""], ["b", "b"]]


@pytest.mark.parametrize("ffmpeg", ["", "b"])
def test_the_ffmpeg_that_encodes_is_the_one_of_the_key(encoded, store, stretches, version, monkeypatch, ffmpeg):
    used = []

    def encode(targets, store, stretches, *, ffmpeg):
        used.append((ffmpeg, list(stretches)))
        for target in targets:
            target.path.touch()

    monkeypatch.setattr(recordings_module, "encode", encode)
    encoded.encode(store, [recording(*stretches, ffmpeg=ffmpeg)])
    assert used == [(ffmpeg, list(stretches))]


def test_the_first_error_is_raised_and_what_was_encoded_stays(encoded, store, stretches):
    missing = replace(stretches[0], master=replace(stretches[0].master, audio_sha256="0" * 64))
    good = recording(stretches[1])
    encoded.encode(store, [good])
    with pytest.raises(Exception, match="there is no file"):
        encode_side_by_side(encoded, store, [recording(missing), good], lambda done, total: None)
    assert [path.name for path in encoded.folder.iterdir()] == [good.key]


def test_the_longest_are_encoded_first(encoded, store, stretches, monkeypatch):
    """Or the file of the whole book, which comes last, keeps one processor busy while the others rest."""
    order = []
    monkeypatch.setattr(recordings_module.os, "cpu_count", lambda: 1)
    monkeypatch.setattr(EncodedAudio, "encode", lambda self, store, group: order.append(group[0]))
    first, second = stretches
    asked = [recording(replace(first, stop=2000)), recording(first), recording(first, second)]
    encode_side_by_side(encoded, store, asked, lambda done, total: None)
    assert order == asked[::-1]


def test_who_asked_is_known_where_audio_is_encoded(encoded, store, stretches, monkeypatch):
    """The messages of a run go by it."""
    asking = ContextVar("asking", default="nobody")
    seen = []
    monkeypatch.setattr(EncodedAudio, "encode", lambda self, store, group: seen.append(asking.get()))
    asking.set("a run")
    encode_side_by_side(encoded, store, [recording(stretches[0]), recording(stretches[1])], lambda done, total: None)
    assert seen == ["a run", "a run"]
