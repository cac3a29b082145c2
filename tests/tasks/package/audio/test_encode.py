"""Stretches of masters: cut, lengthened by their own room tone, louder; peaks stay below the ceiling."""

import re
from pathlib import Path

import numpy as np
import pytest
import soundfile

from configs.publish_profiles import PublishProfile
from storage.artifacts import ArtifactStore
from storage.errors import DamagedArtifactError
from storage.records import Master, PlacedUtterance
from tasks.errors import BadInputError, TalepressError
from tasks.package.audio.encode import Stretch, Target, encode, sound
from tasks.package.audio.ffmpeg import run_ffmpeg
from tasks.package.audio.formats import FORMATS, bytes_per_second, codec_arguments
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


@pytest.mark.parametrize("name", ["http:one.wav", "-one.wav", "pipe:1"])
def test_no_name_of_a_file_is_an_option_or_an_address(store, master, tmp_path, monkeypatch, name):
    """Folders are named by people, and relative."""
    monkeypatch.chdir(tmp_path)
    encode([Target(Path(name), ("-c:a", "pcm_s16le"), "wav")], store, [Stretch(master, 0, 500)], ffmpeg="")
    assert soundfile.info(f"./{name}").frames == 500


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


@pytest.mark.parametrize(
    ("kind", "changes", "arguments"),
    [
        ("m4b", {"bitrate_kbps": 96}, "-c:a aac -b:a 96k"),
        ("mp3", {"bitrate_kbps": 64}, "-c:a libmp3lame -b:a 64k -write_xing 1 -id3v2_version 0"),
        ("opus", {"bitrate_kbps": 32}, "-c:a libopus -b:a 32k"),
        ("flac", {}, "-c:a flac -compression_level 8 -sample_fmt s16"),
        ("wav", {"sample_rate": 44_100}, "-c:a pcm_s16le -ar 44100"),
    ],
)
def test_how_each_format_is_encoded(kind, changes, arguments):
    """These are in the keys of recordings and editions: other arguments have every file made anew."""
    profile = PublishProfile(format=kind, per="book", folder="X", **changes)
    assert " ".join(codec_arguments(profile)) == arguments


def test_what_the_formats_are():
    found = {
        name: (form.suffix, form.container, form.lossless, form.has_chapters, form.max_chapters, form.frame)
        for name, form in FORMATS.items()
    }
    assert found == {
        "m4b": (".m4b", "ipod", False, True, 255, 2048),
        "mp3": (".mp3", "mp3", False, True, 100_000, 2304),
        "opus": (".opus", "opus", False, True, 999, 960),
        "flac": (".flac", "flac", True, True, 999, 0),
        "wav": (".wav", "wav", True, False, 100_000, 0),
    }


@pytest.mark.parametrize(
    ("changes", "size"),
    [
        ({"format": "mp3", "bitrate_kbps": 80}, 11_000),
        ({"format": "mp3", "bitrate_kbps": 80, "sample_rate": 8000}, 11_000),
        ({"format": "flac"}, 48_000),
        ({"format": "wav", "sample_rate": 44_100}, 88_200),
    ],
)
def test_a_second_takes_no_more_than_is_forecast(changes, size):
    assert bytes_per_second(PublishProfile(per="book", folder="X", **changes), RATE) == pytest.approx(size)


@pytest.fixture(scope="module")
def pieces(store):
    """A chapter of three utterances with pauses of a level of their own: 100 ms each."""
    audio = np.zeros(20_000, dtype=np.float32)
    spans = [(2400, 6000), (8400, 12_000), (14_400, 18_000)]
    for level, start in ((0.001, 0), (0.002, 6000), (0.003, 12_000), (0.004, 18_000)):
        audio[start : start + 2400] = level
    for start, end in spans:
        audio[start:end] = 0.5
    placed = tuple(PlacedUtterance(utterance(n), f"t{n}", *span) for n, span in enumerate(spans))
    return Master(0, "One", store.put_bytes(encode_flac(audio, RATE)), RATE, 20_000, -10.0, -6.0, placed)


def test_beyond_the_ends_of_its_room_a_piece_goes_on_with_its_own_pauses(store, pieces):
    """A piece in the middle must not be led in by the words before it."""
    piece = heard(store, Stretch(pieces, 6000 - 1000, 14_400 + 700, room=(6000, 14_400)))
    assert len(piece) == 8400 + 1700
    np.testing.assert_allclose(piece[:1000], 0.002, atol=1e-4)
    np.testing.assert_allclose(piece[1000:3400], 0.002, atol=1e-4)
    np.testing.assert_allclose(piece[3400:7000], 0.5, atol=1e-4)
    np.testing.assert_allclose(piece[7000:], 0.003, atol=1e-4)
    inner = heard(store, Stretch(pieces, 7000, 13_000, room=(6000, 14_400)))
    assert len(inner) == 6000


def test_where_nothing_is_spoken_beyond_is_silence(store, pieces):
    bare = heard(store, Stretch(pieces, 2300, 6100, room=(2400, 6000)))
    assert np.array_equal(bare[:100], np.zeros(100)) and np.array_equal(bare[-100:], np.zeros(100))
    nobody = heard(store, Stretch(pieces, 5990, 6020, room=(6000, 6010)))
    assert np.array_equal(nobody[:10], np.zeros(10)) and np.array_equal(nobody[20:], np.zeros(10))


def test_the_chosen_ffmpeg_encodes(store, master, tmp_path):
    target = Target(tmp_path / "one.wav", ("-c:a", "pcm_s16le"), "wav")
    with pytest.raises(BadInputError, match="there is no program 'nothing'"):
        encode([target], store, [Stretch(master, 0, 100)], ffmpeg="nothing")


@pytest.mark.parametrize("kind", ["m4b", "mp3", "opus", "flac", "wav"])
def test_no_file_says_which_ffmpeg_has_made_it(store, master, tmp_path, kind):
    """What it says of itself is other bytes for the same audio with the next version."""
    profile = PublishProfile(
        format=kind, per="book", folder="X", **({} if kind in ("flac", "wav") else {"bitrate_kbps": 64})
    )
    target = Target(tmp_path / "one", codec_arguments(profile), FORMATS[kind].container)
    encode([target], store, [Stretch(master, 0, 30_000)], ffmpeg="")
    assert re.search(rb"Lav[fc]\d", target.path.read_bytes()) is None
