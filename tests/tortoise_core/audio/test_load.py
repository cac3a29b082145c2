"""Sound files of many kinds are read alike, hostile ones end in an error."""

import logging
import struct
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from tortoise_core.audio import load
from tortoise_core.audio.load import load_audio
from tortoise_core.errors import AudioError

RATE_HZ = 22050


def noise(samples=2000, channels=1):
    return 0.1 * np.random.default_rng(0).standard_normal((samples, channels)).astype(np.float32)


@pytest.mark.parametrize(
    ("name", "subtype", "tolerance"),
    [
        ("clip.wav", "FLOAT", 0),
        ("clip.wav", "PCM_16", 2**-15),
        ("clip.WAV", "PCM_24", 2**-23),
        ("clip.flac", "PCM_16", 2**-15),
        ("no-extension", "PCM_16", 2**-15),
    ],
)
def test_lossless_formats(tmp_path, name, subtype, tolerance):
    samples = noise()
    path = tmp_path / name
    soundfile.write(path, samples, RATE_HZ, subtype=subtype, format="FLAC" if name.endswith("flac") else "WAV")
    loaded = load_audio(path, RATE_HZ)
    assert loaded.shape == (1, len(samples))
    assert np.abs(loaded[0].numpy() - samples[:, 0]).max() <= tolerance


def test_mp3(tmp_path):
    path = tmp_path / "clip.mp3"
    time = np.arange(RATE_HZ) / RATE_HZ
    soundfile.write(path, 0.3 * np.sin(2 * np.pi * 300 * time), RATE_HZ, format="MP3")
    assert load_audio(path, RATE_HZ).std() == pytest.approx(0.3 / 2**0.5, rel=0.05)


def test_first_channel_resampled_and_limited(tmp_path):
    samples = np.concatenate([noise(4800), np.full((4800, 1), -3.0)], axis=1)
    samples[100:200, 0] = 1.7
    soundfile.write(tmp_path / "clip.wav", samples, 48000, subtype="FLOAT")
    loaded = load_audio(tmp_path / "clip.wav", 24000)
    assert loaded.shape == (1, 2400)
    assert loaded.max() == 1.0
    assert loaded.min() > -1.0


@pytest.mark.parametrize(
    ("change", "suspicious"), [(np.abs, True), (lambda x: x / x.max() * 2.1, True), (lambda x: x, False)]
)
def test_what_cannot_be_speech_is_logged(tmp_path, caplog, change, suspicious):
    soundfile.write(tmp_path / "clip.wav", change(noise()), RATE_HZ, subtype="FLOAT")
    with caplog.at_level(logging.WARNING):
        load_audio(tmp_path / "clip.wav", RATE_HZ)
    assert ("do not look like speech" in caplog.text) == suspicious


def wav_header(rate_hz=RATE_HZ, channels=1, claimed_bytes=2**31 - 64):
    """A 16-bit WAV header that may promise what does not follow."""
    form = struct.pack("<HHIIHH", 1, channels, rate_hz, (rate_hz * channels * 2) % 2**32, channels * 2, 16)
    chunks = b"fmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", claimed_bytes)
    return b"RIFF" + struct.pack("<I", claimed_bytes) + b"WAVE" + chunks


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not audio at all",
        b"RIFF\xff\xff\xff\xffWAVE",
        wav_header(),
        wav_header(rate_hz=2**31 - 1) + b"\0\1" * 100,
        wav_header(channels=1000) + b"\0\1" * 100_000,
    ],
    ids=["empty", "text", "cut", "no samples", "absurd rate", "absurd channels"],
)
def test_hostile_files_end_in_an_error(tmp_path, content):
    path = tmp_path / "clip.wav"
    path.write_bytes(content)
    with pytest.raises(AudioError, match=r"clip\.wav: "):
        load_audio(path, RATE_HZ)


def test_a_header_that_lies_about_the_length_costs_nothing(tmp_path):
    path = tmp_path / "clip.wav"
    path.write_bytes(wav_header() + noise(500).astype("<i2").tobytes() + b"\x00\xff" * 500)
    assert load_audio(path, RATE_HZ).shape == (1, 1000)


@pytest.mark.parametrize("told", [10, 0])
def test_what_is_longer_than_its_header_says_is_read_to_the_limit_only(told):
    blocks = []

    def read(frames, dtype, always_2d):
        blocks.append(np.full((frames, 1), 0.1, np.float32))
        assert len(blocks) < 10, "is read without an end"
        return blocks[-1]

    sound = SimpleNamespace(samplerate=16_000, channels=1, frames=told, read=read)
    with pytest.raises(AudioError, match="longer than 20 s"):
        load._first_channel(sound, 20.0)
    assert len(blocks) == 2


def test_names_do_not_decide(tmp_path):
    for name in ("clip.raw", "clip.mp3"):
        (tmp_path / name).write_bytes(b"\0\1" * 1000)
        with pytest.raises(AudioError, match="cannot be read as audio"):
            load_audio(tmp_path / name, RATE_HZ)


def test_limits(tmp_path):
    path = tmp_path / "clip.wav"
    soundfile.write(path, noise(RATE_HZ * 2), RATE_HZ)
    assert load_audio(path, RATE_HZ, max_seconds=2.0).shape == (1, RATE_HZ * 2)
    with pytest.raises(AudioError, match=r"longer than 1\.9 s"):
        load_audio(path, RATE_HZ, max_seconds=1.9)
    stereo = tmp_path / "stereo.wav"
    soundfile.write(stereo, np.zeros((RATE_HZ * 2, 2), np.float32), RATE_HZ)
    assert load_audio(stereo, RATE_HZ, max_seconds=2.0).shape == (1, RATE_HZ * 2)
    with pytest.raises(AudioError, match=r"longer than 1\.9 s"):
        load_audio(stereo, RATE_HZ, max_seconds=1.9)
    samples = noise()
    samples[7] = np.nan
    soundfile.write(path, samples, RATE_HZ, subtype="FLOAT")
    with pytest.raises(AudioError, match="not finite"):
        load_audio(path, RATE_HZ)


def test_missing_file_and_folder(tmp_path):
    for path in (tmp_path / "none.wav", tmp_path):
        with pytest.raises(AudioError, match="no such file"):
            load_audio(path, RATE_HZ)
