"""A published audio file is read back: what is not as it was meant is found, and what is, is not doubted."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from configs.publish_profiles import PublishProfile
from storage.artifacts import ArtifactStore
from storage.records import Master
from tasks.errors import TalepressError
from tasks.package.audio.encode import BLOCK_SAMPLES, Stretch
from tasks.package.audio.id3 import label_wav
from tasks.package.audio.label import Label
from tasks.package.audio.recordings import Recording
from tasks.package.audio.tags import Tags
from tasks.package.outputs import audio_check
from tasks.package.outputs.audio_check import check_audio_file
from tasks.synthesize.render import encode_flac
from tests.tasks.audio import RATE

SAMPLES = BLOCK_SAMPLES + 1000
TAGS = Tags("Oz", "Baum", "Ann", description="Spoken.", publisher="Hill")
LABEL = Label(TAGS, "One", 1, 1, False, (), RATE)
WAV = PublishProfile(format="wav", per="chapter", folder="WAV")
FLAC = PublishProfile(format="flac", per="chapter", folder="FLAC")


@pytest.fixture(scope="module")
def audio():
    return np.random.default_rng(5).integers(-16_000, 16_000, SAMPLES) / 32_768


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return ArtifactStore(tmp_path_factory.mktemp("artifacts"))


@pytest.fixture(scope="module")
def recording(store, audio):
    """The audio in two stretches, cut where no block ends."""
    master = Master(0, "One", store.put_bytes(encode_flac(audio, RATE)), RATE, SAMPLES, -19.0, -3.5, ())
    return Recording((Stretch(master, 0, 1234), Stretch(master, 1234, SAMPLES)), ("-c:a", "pcm_s16le"), "wav", "")


@pytest.fixture
def check(tmp_path, store, recording):
    """Checks samples that are written as a WAV file against what was meant."""

    def written(samples, rate=RATE, subtype="PCM_16", label=LABEL, meant=LABEL, profile=WAV, length=SAMPLES):
        soundfile.write(tmp_path / "bare.wav", samples, rate, subtype=subtype)
        label_wav(tmp_path / "bare.wav", tmp_path / "one.wav", label)
        check_audio_file(tmp_path / "one.wav", length, recording, meant, profile, store)

    return written


def test_a_file_that_is_as_meant_passes(check, audio):
    check(audio)
    check(audio + 0.9 / 32768, subtype="PCM_24")  # the last step of 16 bits may be rounded either way


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda audio: np.stack([audio, audio], 1),
            "says 2 channels at 24000 Hz and not 1 at 24000: this",
        ),
        (lambda audio: audio[:-2], "lasts 2.772 s and not 2.772 s as it should"),
        (lambda audio: np.append(audio, [0, 0]), "lasts 2.772 s and not 2.772 s as it should"),
        (lambda audio: np.append(audio, 0), "holds other samples than the masters"),
        (lambda audio: np.append(audio[:-1], audio[-1] + 3 / 32768), "holds other samples than the masters"),
        (lambda audio: np.append(audio[:1], audio[:-1]), "holds other samples than the masters"),
    ],
    ids=["stereo", "shorter", "longer", "a sample more", "the last sample", "late by a sample"],
)
def test_audio_that_is_not_as_meant_is_found(check, audio, change, message):
    with pytest.raises(TalepressError, match=rf"one\.wav: {message}"):
        check(change(audio))


def test_a_whole_block_that_is_missing_is_found(check, audio):
    with pytest.raises(TalepressError, match="holds fewer samples than the masters"):
        check(audio[:BLOCK_SAMPLES], length=BLOCK_SAMPLES)


def test_the_rate_is_the_masters_or_the_profiles_and_then_samples_are_others(check, audio):
    with pytest.raises(TalepressError, match="at 22050 Hz and not 1 at 24000"):
        check(audio, rate=22_050)
    other = WAV.model_copy(update={"sample_rate": 22_050})
    check(np.zeros(round(SAMPLES * 22_050 / RATE)), rate=22_050, profile=other)
    with pytest.raises(TalepressError, match="at 24000 Hz and not 1 at 22050"):
        check(audio, profile=other)


@pytest.mark.parametrize(
    ("label", "tag"),
    [
        (replace(LABEL, tags=replace(TAGS, publisher="Other")), "TPUB"),
        (replace(LABEL, tags=replace(TAGS, publisher="")), "TPUB"),
        (replace(LABEL, tags=replace(TAGS, series="Oz")), "TXXX:SERIES"),  # more than was meant
        (replace(LABEL, number=2), "TRCK"),
    ],
)
def test_a_tag_that_is_another_missing_or_too_much_is_named(check, audio, label, tag):
    with pytest.raises(TalepressError, match=rf"one\.wav: the tag {tag} did not read back as it was written"):
        check(audio, label=label)


@pytest.mark.parametrize(
    ("name", "data", "profile", "message"),
    [
        ("one.txt", b"no audio", WAV, "was written, but is no audio file"),
        ("one.flac", b"fLaC no audio", FLAC, "was written, but cannot be read back"),
        ("one.wav", b"RIFF no audio", WAV, "was written, but cannot be read back"),
    ],
)
def test_what_is_no_audio_is_found(tmp_path, store, recording, name, data, profile, message):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(TalepressError, match=message):
        check_audio_file(tmp_path / name, SAMPLES, recording, LABEL, profile, store)


def test_a_file_is_looked_for_by_its_name_though_that_looks_like_an_address(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TalepressError, match="No such file or directory"):
        audio_check._check_chapters(Path("http:gone.flac"), LABEL, "")
