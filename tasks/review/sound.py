"""A take's sound for a page: a small Opus file, and the outline of its waveform. Must not know what is said in it."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from tasks.package.audio.ffmpeg import run_ffmpeg

OPUS = ("-c:a", "libopus", "-b:a", "32k", "-application", "voip")


def opus_of(audio: np.ndarray, sample_rate: int) -> bytes:
    """Encodes float32 mono samples, shape (samples,), as an Ogg Opus file. Raises as `run_ffmpeg`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "take.ogg"
        source = ("-f", "f32le", "-ar", str(sample_rate), "-ac", "1", "-i", "pipe:0")
        run_ffmpeg([*source, *OPUS, "-f", "ogg", f"file:{path}"], [audio])
        return path.read_bytes()


def outline_of(audio: np.ndarray, columns: int) -> tuple[tuple[float, float], ...]:
    """The least and greatest sample of each of so many equal stretches, in [-1, 1]. Fewer where samples are fewer."""
    stretches = np.array_split(audio, max(1, min(columns, len(audio))))
    return tuple((float(part.min()), float(part.max())) for part in stretches if len(part))
