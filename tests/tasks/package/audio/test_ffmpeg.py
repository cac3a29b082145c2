"""Which ffmpeg is used, and what is said when it fails."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from tasks.errors import OutputError, TalepressError
from tasks.package.audio.ffmpeg import ffmpeg_path, run_ffmpeg

PCM = ["-f", "f32le", "-ar", "24000", "-ac", "1", "-i", "pipe:0"]


def test_the_packaged_binary_is_used_when_there_is_none_on_the_path(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert Path(ffmpeg_path()).is_file()


def test_a_system_ffmpeg_comes_first(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: f"somewhere/{name}")
    assert ffmpeg_path() == "somewhere/ffmpeg"


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
