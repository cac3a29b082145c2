"""Levels, ends and pauses of files whose every stretch is known, and as ffmpeg's own meters say them."""

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile
from mutagen.id3 import TALB, TIT2, TPE1
from mutagen.wave import WAVE

from tasks.delivery.measure import measure_file
from tasks.errors import BadInputError
from tasks.master.meters import SILENT_DBTP
from tasks.package.audio.ffmpeg import ffmpeg_path

RATE_HZ = 8000


def measured(tmp_path, *stretches, channels=1, pauses=()):
    """Measures a file of stretches (seconds, level in dBFS), square waves, whose RMS is their peak."""
    pieces = []
    for seconds, level_db in stretches:
        sign = np.where(np.arange(round(seconds * RATE_HZ)) % 8 < 4, 1.0, -1.0)
        pieces.append(10 ** (level_db / 20) * sign)
    audio = np.tile(np.concatenate(pieces)[:, None], (1, channels))
    soundfile.write(tmp_path / "a.wav", audio, RATE_HZ, subtype="FLOAT")
    return measure_file(tmp_path / "a.wav", pauses)


def test_ends_and_pauses_are_found_where_it_is_quiet(tmp_path):
    found = measured(tmp_path, (0.30, -70), (1.0, -20), (0.80, -60), (1.0, -20), (0.45, -66))
    assert (found.head_s, found.tail_s) == (pytest.approx(0.30), pytest.approx(0.45))
    assert found.seconds == pytest.approx(3.55)
    pauses = (0.20 * 1e-7 + 0.70 * 1e-6 + 0.35 * 10**-6.6) / (0.20 + 0.70 + 0.35)
    assert found.pauses_dbfs == pytest.approx(10 * np.log10(pauses), abs=0.01)  # each without 50 ms at either end
    assert found.floor_dbfs == pytest.approx(-61.25, abs=2.0)
    assert found.peak_dbfs == pytest.approx(-20, abs=0.01)
    energy = (0.30 * 1e-7 + 2.0 * 1e-2 + 0.80 * 1e-6 + 0.45 * 10**-6.6) / 3.55
    assert found.rms_dbfs == pytest.approx(10 * np.log10(energy), abs=0.01)


@pytest.mark.parametrize(("pause_s", "level_db"), [(0.30, -60.0), (0.29, None)])
def test_a_pause_has_three_tenths_of_a_second(tmp_path, pause_s, level_db):
    found = measured(tmp_path, (1.0, -20), (pause_s, -60), (1.0, -20))
    assert found.pauses_dbfs == pytest.approx(found.floor_dbfs if level_db is None else level_db, abs=0.01)


@pytest.mark.parametrize(("below_db", "is_speech"), [(24.5, True), (25.5, False)])
def test_what_is_25_db_below_the_whole_is_no_speech(tmp_path, below_db, is_speech):
    found = measured(tmp_path, (0.5, -20 - below_db), (50.0, -20))
    assert found.head_s == pytest.approx(0.0 if is_speech else 0.5)


def test_the_floor_is_that_of_the_quietest_half_second(tmp_path):
    assert measured(tmp_path, (1.0, -20), (0.5, -50), (1.0, -20)).floor_dbfs == pytest.approx(-50, abs=0.01)
    assert measured(tmp_path, (0.5, -60), (1.0, -20)).floor_dbfs == pytest.approx(-60, abs=0.01)  # also the first
    assert measured(tmp_path, (1.0, -20), (0.5, -60)).floor_dbfs == pytest.approx(-60, abs=0.01)  # and the last
    short = measured(tmp_path, (0.2, -20), (0.29, -60))
    assert short.floor_dbfs == short.rms_dbfs
    assert measured(tmp_path, (0.2, -20), (0.3, -60)).floor_dbfs == pytest.approx(-20 + 10 * np.log10(0.4), abs=0.05)


def test_known_pauses_count_in_place_of_those_that_are_found(tmp_path):
    found = measured(tmp_path, (1.0, -20), (1.0, -60), (1.0, -40), (1.0, -20), pauses=[(2.1, 2.9)])
    assert found.pauses_dbfs == pytest.approx(-40, abs=0.01)
    beyond = measured(tmp_path, (1.0, -20), (1.0, -60), pauses=[(7.0, 8.0)])
    assert beyond.pauses_dbfs == beyond.floor_dbfs


def test_silence_has_a_level(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros(RATE_HZ), RATE_HZ)
    found = measure_file(tmp_path / "a.wav")
    assert found.rms_dbfs == found.peak_dbfs == found.floor_dbfs == found.pauses_dbfs == SILENT_DBTP
    assert (found.head_s, found.tail_s) == (1.0, 1.0)
    soundfile.write(tmp_path / "b.wav", np.zeros(0), RATE_HZ)
    with pytest.raises(BadInputError, match=r"b\.wav: has no audio in it"):
        measure_file(tmp_path / "b.wav")


def test_the_louder_channel_has_the_peak_and_both_the_level(tmp_path):
    audio = np.zeros((RATE_HZ, 2))
    audio[:, 1] = np.where(np.arange(RATE_HZ) % 8 < 4, 0.5, -0.5)
    soundfile.write(tmp_path / "a.wav", audio, RATE_HZ, subtype="FLOAT")
    found = measure_file(tmp_path / "a.wav")
    assert found.peak_dbfs == pytest.approx(-6.02, abs=0.01)
    assert found.rms_dbfs == pytest.approx(-9.03, abs=0.01)
    assert found.true_peak_dbtp >= -6.03
    assert found.lufs_per_ear == found.lufs
    mono = measured(tmp_path, (1.0, -20))
    assert mono.lufs_per_ear - mono.lufs == pytest.approx(3.01)
    assert (found.format, found.bitrate_mode, found.channels, found.sample_rate) == ("wav", "lossless", 2, RATE_HZ)
    assert (found.bitrate_kbps, found.channel_kbps) == (512.0, 256.0)


def ffmpeg(*arguments):
    """Runs ffmpeg and returns what it says."""
    command = [ffmpeg_path(), "-hide_banner", "-nostats", "-y", *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stderr


@pytest.mark.parametrize("channels", [1, 2])
def test_levels_are_those_of_the_meters_of_ffmpeg(tmp_path, channels):
    rng = np.random.default_rng(channels)
    audio = rng.normal(0, 0.1, (3 * 44_100, channels)) * np.linspace(0.2, 1, channels)
    soundfile.write(tmp_path / "a.wav", np.clip(audio, -1, 1), 44_100)
    found = measure_file(tmp_path / "a.wav")
    meters = ffmpeg(
        "-i", tmp_path / "a.wav", "-af", "ebur128=peak=true,astats=measure_perchannel=none", "-f", "null", "-"
    )
    summary = meters.rpartition("Summary:")[2]
    overall = meters.partition("Overall")[2]
    assert found.lufs == pytest.approx(float(re.search(r"I:\s+(-?[\d.]+) LUFS", summary)[1]), abs=0.1)
    assert found.true_peak_dbtp == pytest.approx(float(re.search(r"Peak:\s+(-?[\d.]+)", summary)[1]), abs=0.2)
    assert found.rms_dbfs == pytest.approx(float(re.search(r"RMS level dB: (-?[\d.]+)", overall)[1]), abs=0.01)
    assert found.peak_dbfs == pytest.approx(float(re.search(r"Peak level dB: (-?[\d.]+)", overall)[1]), abs=0.01)


@pytest.mark.parametrize(
    ("name", "coding", "mode", "kbps"),
    [
        ("a.mp3", ["-b:a", "64k"], "constant", 64),
        ("b.mp3", ["-q:a", "5"], "variable", None),
        ("c.flac", [], "lossless", None),
        ("d.WAV", [], "lossless", 44_100 * 16 / 1000),
        ("e.m4a", ["-b:a", "48k"], "variable", None),
        ("f.opus", [], "variable", None),
    ],
)
def test_header_and_tags_of_every_format(tmp_path, name, coding, mode, kbps):
    tone = ["-f", "lavfi", "-i", "sine=frequency=300:sample_rate=44100:duration=1", "-ac", "1"]
    tags = ["-metadata", "title=One", "-metadata", "artist=Ann"]
    ffmpeg(*tone, *coding, *tags, tmp_path / name)
    found = measure_file(tmp_path / name)
    assert (found.format, found.bitrate_mode, found.channels) == (name.rpartition(".")[2].lower(), mode, 1)
    assert found.sample_rate == (48_000 if name.endswith("opus") else 44_100)
    assert found.seconds == pytest.approx(1.0, abs=0.1)
    assert kbps is None or found.bitrate_kbps == kbps == found.channel_kbps
    assert found.tags == (() if name.endswith("WAV") else ("title", "artist"))  # ffmpeg writes a WAV file's otherwise


def test_tags_of_a_wav_file_are_those_of_id3(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros(RATE_HZ), RATE_HZ)
    file = WAVE(tmp_path / "a.wav")
    file.add_tags()
    file.tags.add(TALB(text="Oz"))
    file.tags.add(TPE1(text="Ann"))
    file.save()
    assert measure_file(tmp_path / "a.wav").tags == ("album", "artist")
    file.tags.add(TIT2(text="One"))
    file.save()
    assert measure_file(tmp_path / "a.wav").tags == ("title", "album", "artist")


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.txt", b"text", r"a\.txt is no audio file that is known"),
        ("a.mp3", b"text", r"a\.mp3 cannot be read as audio"),
        ("a.wav", b"RIFF", r"a\.wav cannot be read as audio"),
    ],
)
def test_what_is_no_audio_is_refused(tmp_path, name, data, message):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(BadInputError, match=message):
        measure_file(tmp_path / name)
    with pytest.raises(BadInputError, match=r"gone\.mp3 cannot be read as audio"):
        measure_file(tmp_path / "gone.mp3")


def test_a_file_that_does_not_decode_is_refused(tmp_path):
    soundfile.write(tmp_path / "a.flac", np.random.default_rng(1).normal(0, 0.1, RATE_HZ), RATE_HZ)
    data = (tmp_path / "a.flac").read_bytes()
    (tmp_path / "a.flac").write_bytes(data[:200] + bytes(len(data) - 200))
    with pytest.raises(BadInputError, match=r"a\.flac(: has no audio in it| cannot be decoded)"):
        measure_file(tmp_path / "a.flac")


@pytest.mark.parametrize("name", ["http:a.wav", "-a.wav"])
def test_no_name_of_a_file_is_an_option_or_an_address(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    soundfile.write(f"./{name}", np.zeros(RATE_HZ), RATE_HZ)
    assert measure_file(Path(name)).seconds == 1.0
