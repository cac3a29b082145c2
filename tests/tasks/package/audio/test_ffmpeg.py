"""Which ffmpeg is used, and what is said when it fails."""

from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest

from tasks.errors import BadInputError, OutputError, TalepressError
from tasks.package.audio.ffmpeg import ffmpeg_path, ffmpeg_version, run_ffmpeg

PCM = ["-f", "f32le", "-ar", "24000", "-ac", "1", "-i", "pipe:0"]


@pytest.fixture
def program(tmp_path):
    """A program of one's own, called ffmpeg, by its path."""

    def write(script):
        path = tmp_path / "ffmpeg"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return str(path)

    return write


def test_the_packaged_binary_is_used_unless_another_is_named(program, monkeypatch, tmp_path):
    own = program("echo ffmpeg version 9.9-mine Copyright")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert ffmpeg_path() == imageio_ffmpeg.get_ffmpeg_exe() != own
    assert ffmpeg_path("ffmpeg") == ffmpeg_path(own) == own
    assert ffmpeg_version(own) == "9.9-mine"
    assert ffmpeg_version() in run_ffmpeg(["-version"])
    assert run_ffmpeg([], chosen=own).startswith("ffmpeg version 9.9")


@pytest.mark.parametrize(
    ("script", "message"), [("echo sox", "is no ffmpeg"), ("exit 3", "does not run as ffmpeg does")]
)
def test_what_is_no_ffmpeg_is_refused(program, script, message):
    with pytest.raises(BadInputError, match=message):
        ffmpeg_version(program(script))
    ffmpeg_version.cache_clear()
    with pytest.raises(BadInputError, match="there is no program 'nothing'"):
        ffmpeg_path("nothing")


def test_its_own_words_are_in_the_error(tmp_path):
    with pytest.raises(TalepressError, match="No such file"):
        run_ffmpeg(["-i", str(tmp_path / "missing.wav"), "-f", "null", "-"])


def test_ffmpeg_giving_up_early_is_told_by_its_status(tmp_path):
    blocks = (np.zeros(1 << 16, dtype=np.float32) for _ in range(200))
    with pytest.raises(TalepressError, match="status"):
        run_ffmpeg([*PCM, "-c:a", "nonsense", str(tmp_path / "x.wav")], blocks)


def test_trouble_in_the_source_passes_through(tmp_path):
    def blocks():
        yield np.zeros(1000, dtype=np.float32)
        raise ValueError("source")

    with pytest.raises(ValueError, match="source"):
        run_ffmpeg([*PCM, str(tmp_path / "x.wav")], blocks())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no device that is always full")
def test_a_full_disk():
    blocks = (np.zeros(1 << 16, dtype=np.float32) for _ in range(20))
    with pytest.raises(OutputError, match="disk is full"):
        run_ffmpeg([*PCM, "-f", "wav", "file:/dev/full"], blocks)
