"""Writes audio as WAV: whole files, and the header of a stream of unknown length. Knows nothing of who speaks."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import soundfile

from tasks.disk import output_errors, publish

UNKNOWN_LENGTH = 0xFFFFFFFF  # players read on until the stream ends
HEADER_BYTES = 44


def write_wav(path: Path, audio: np.ndarray, rate_hz: int) -> None:
    """Writes mono samples (L,) as 16-bit PCM; makes the folder if there is none. Raises `OutputError`."""
    folder = path.absolute().parent
    partial = folder / f".{path.name}.partial"
    with output_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        try:
            soundfile.write(partial, np.clip(audio, -1.0, 1.0), rate_hz, format="WAV", subtype="PCM_16")
            publish(partial, path)
        finally:
            partial.unlink(missing_ok=True)


def wav_header(sample_rate: int, samples: int | None) -> bytes:
    """Makes the 44-byte header of a mono 16-bit WAV file; `samples` None: their number is not known yet."""
    data = UNKNOWN_LENGTH if samples is None else 2 * samples
    whole = UNKNOWN_LENGTH if samples is None else data + HEADER_BYTES - 8
    return (
        struct.pack("<4sI4s", b"RIFF", whole, b"WAVE")
        + struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, sample_rate, 2 * sample_rate, 2, 16)
        + struct.pack("<4sI", b"data", data)
    )
