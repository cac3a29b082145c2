"""Owns reading one reference clip from a file (spec 1.3). Files come from strangers: decoding stops at a limit.

Must not know what the clip is for; `conditioning.py` brings it to the length that a network wants.
"""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import soundfile
import torch

from tortoise_core.audio.resample import RATES_HZ, resample
from tortoise_core.errors import AudioError

logger = logging.getLogger(__name__)

MOST_SECONDS = 600.0
MOST_CHANNELS = 8
BLOCK_FRAMES = 1 << 18
SUSPICIOUS_PEAK = 2.0


def load_audio(path: Path, sample_rate_hz: int, max_seconds: float = MOST_SECONDS) -> torch.Tensor:
    """Reads the first channel of an audio file, resamples it and limits it to [-1, 1].

    Integer samples are scaled by their full range. Every format that libsndfile reads is taken: WAV, FLAC, Ogg, MP3 ...

    Args:
        path: the file.
        sample_rate_hz: rate of the result.
        max_seconds: longest clip that is taken.

    Shape: `(1, L)`, float32, L >= 1.

    Raises:
        AudioError: no such file, not audio, empty, too long, too many channels, an odd rate, or samples not finite.
    """
    if not path.is_file():
        raise AudioError(f"{path}: no such file; check the name")
    try:
        with soundfile.SoundFile(str(path)) as sound:
            rate_hz = int(sound.samplerate)
            samples = _first_channel(sound, max_seconds)
    except AudioError as error:
        raise AudioError(f"{path}: {error}") from error
    except (soundfile.SoundFileError, TypeError, ValueError, OSError) as error:
        raise AudioError(f"{path}: cannot be read as audio ({error}): convert it to WAV or FLAC") from error
    waveform = resample(torch.from_numpy(samples)[None], rate_hz, sample_rate_hz)
    if waveform.max() > SUSPICIOUS_PEAK or not (waveform < 0).any():
        logger.warning(
            "%s: samples from %.3g to %.3g do not look like speech: listen to the clip",
            path,
            waveform.min(),
            waveform.max(),
        )
    return waveform.clamp(-1.0, 1.0)


def _first_channel(sound: soundfile.SoundFile, max_seconds: float) -> np.ndarray:
    """Reads the first channel, `(L,)` float32, block by block: a header may give a wrong length."""
    if sound.samplerate not in RATES_HZ:
        raise AudioError(f"its sample rate is {sound.samplerate} Hz, which no speech has: export the clip at 48000 Hz")
    if sound.channels > MOST_CHANNELS:
        raise AudioError(
            f"it has {sound.channels} channels, at most {MOST_CHANNELS} are taken: export the clip in mono"
        )
    blocks: list[np.ndarray] = []
    frames = 0
    while len(block := sound.read(BLOCK_FRAMES, dtype="float32", always_2d=True)):
        blocks.append(block[:, 0].copy())
        frames += len(block)
        if frames > max_seconds * sound.samplerate:
            raise AudioError(f"it is longer than {max_seconds:g} s: cut the clip")
    if not blocks:
        raise AudioError("it holds no samples: export the clip again")
    samples = np.concatenate(blocks)
    if not np.isfinite(samples).all():
        raise AudioError("some of its samples are not finite numbers: export the clip again")
    return samples
