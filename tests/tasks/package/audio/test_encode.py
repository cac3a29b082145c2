"""Stretches of masters: cut, lengthened by their own room tone, louder; peaks stay below the ceiling."""

import numpy as np
import pytest
import soundfile

from storage.artifacts import ArtifactStore
from storage.errors import DamagedArtifactError
from storage.records import Master, PlacedUtterance
from tasks.errors import TalepressError
from tasks.package.audio.encode import Stretch, Target, encode, sound
from tasks.package.audio.ffmpeg import run_ffmpeg
from tasks.synthesize.render import encode_flac
from tests.tasks.audio import RATE, utterance

HEAD = 3_000
TAIL = 5_000
SAMPLES = 150_000


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return ArtifactStore(tmp_path_factory.mktemp("artifacts"))


@pytest.fixture(scope="module")
def master(store):
    """Speech, here a loud tone, between stretches of faint noise."""
    audio = 1e-3 * np.random.default_rng(0).standard_normal(SAMPLES)
    audio[HEAD:-TAIL] = 0.6 * np.sin(0.05 * np.arange(SAMPLES - HEAD - TAIL))
    placed = (PlacedUtterance(utterance(0), "take", HEAD, SAMPLES - TAIL),)
    return Master(0, "One", store.put_bytes(encode_flac(audio, RATE)), RATE, SAMPLES, -10.0, -4.4, placed)


@pytest.fixture(scope="module")
def audio(store, master):
    with store.open(master.audio_sha256) as file:
        return soundfile.read(file, dtype="float32")[0]


def heard(store, stretch):
    return np.concatenate(list(sound(store, stretch)))


@pytest.mark.parametrize(("start", "stop"), [(0, SAMPLES), (HEAD, SAMPLES), (17, 140_001), (70_000, 70_001)])
def test_a_stretch_is_a_slice_of_its_master(store, master, audio, start, stop):
    assert np.array_equal(heard(store, Stretch(master, start, stop)), audio[start:stop])


def test_beyond_its_ends_a_master_goes_on_with_its_own_room_tone(store, master, audio):
    longer = heard(store, Stretch(master, -10_000, SAMPLES + 20_000))
    assert len(longer) == SAMPLES + 30_000
    assert np.array_equal(longer[10_000 : 10_000 + SAMPLES], audio)
    assert np.array_equal(longer[10_000 - HEAD : 10_000], audio[:HEAD][::-1])
    assert np.array_equal(longer[10_000 + SAMPLES :][:TAIL], audio[-TAIL:][::-1])
    for tone in (longer[:10_000], longer[10_000 + SAMPLES :]):
        assert 20 * np.log10(np.std(tone)) == pytest.approx(-60, abs=0.5)


def test_a_gain_is_one_gain_until_a_peak_reaches_the_ceiling(store, master, audio):
    quieter = heard(store, Stretch(master, 0, SAMPLES, gain_db=-6.0, ceiling_dbtp=-20.0))
    np.testing.assert_allclose(quieter, audio * 10 ** (-6 / 20), atol=1e-6)
    louder = heard(store, Stretch(master, 0, SAMPLES, gain_db=2.0, ceiling_dbtp=-1.0))
    np.testing.assert_allclose(louder, audio * 10 ** (2 / 20), atol=1e-6)
    limited = heard(store, Stretch(master, 0, SAMPLES, gain_db=6.0, ceiling_dbtp=-1.0))
    assert limited.shape == audio.shape
    assert 0.87 < np.abs(limited).max() <= 10 ** (-1 / 20)
    np.testing.assert_allclose(limited[:2_000], audio[:2_000] * 10 ** (6 / 20), atol=1e-6)


def test_stretches_are_encoded_one_after_another(store, master, audio, tmp_path):
    path = tmp_path / "two.wav"
    parts = [Stretch(master, HEAD, HEAD + 1000), Stretch(master, 5, 2005)]
    encode([Target(path, ("-c:a", "pcm_s16le"), "wav")], store, iter(parts), ffmpeg="")
    decoded, rate = soundfile.read(path, dtype="float32")
    assert rate == RATE
    np.testing.assert_allclose(decoded, np.concatenate([audio[HEAD : HEAD + 1000], audio[5:2005]]), atol=1 / 32768)
    assert run_ffmpeg(["-i", str(path), "-f", "null", "-"]) == ""


def test_several_files_at_once_are_the_same_as_one_after_another(store, master, tmp_path):
    codecs = {
        "wav": ("-c:a", "pcm_s16le"),
        "mp3": ("-c:a", "libmp3lame", "-b:a", "96k", "-ar", "44100"),
        "ipod": ("-c:a", "aac", "-b:a", "64k", "-movflags", "+faststart"),
        "flac": ("-c:a", "flac", "-sample_fmt", "s16"),
    }
    together = [Target(tmp_path / f"together.{name}", codec, name) for name, codec in codecs.items()]
    alone = [Target(tmp_path / f"alone.{name}", codec, name) for name, codec in codecs.items()]
    encode(together, store, [Stretch(master, 0, SAMPLES)], ffmpeg="")
    for target in alone:
        encode([target], store, [Stretch(master, 0, SAMPLES)], ffmpeg="")
    assert [one.path.read_bytes() for one in together] == [one.path.read_bytes() for one in alone]


def test_a_master_of_another_length_than_its_record_says(store, master):
    from dataclasses import replace

    with pytest.raises(TalepressError, match="150000 samples instead of 7"):
        heard(store, Stretch(replace(master, samples=7), 0, 7))


def test_a_master_that_has_changed_is_not_heard(store, master):
    path = store.path(master.audio_sha256)
    whole = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(bytes([*whole[:30], whole[30] ^ 1, *whole[31:]]))  # in the head, which FLAC's own sums leave out
    with pytest.raises(DamagedArtifactError, match="run the same command again"):
        heard(store, Stretch(master, 0, 100))
    path.write_bytes(whole)
