"""Trims the silence that a model leaves at both ends of a take, keeps a breath of it, and fades the new edges.

It must not see more than one take: pydub holds everything in memory, so whole chapters never pass through it. The
numbers below are part of what a take sounds like, therefore constants under `keys.CODE_FORMAT_VERSION`.
"""

from __future__ import annotations

import warnings

import numpy as np

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # pydub warns that there is no ffmpeg on PATH; nothing here decodes files with it
    from pydub import AudioSegment
    from pydub.silence import detect_leading_silence

SILENCE_DBFS = -50.0
KEPT_MS = 30  # of the silence at either edge: onsets and decays below the threshold live there
FADE_MS = 5
FULL_SCALE = 2**31


def trim_edges(audio: np.ndarray, sample_rate: int) -> np.ndarray:
    """Cuts silence off both ends and fades the new edges.

    Args:
        audio: float32 mono in [-1, 1], shape (samples,).
        sample_rate: in Hz.

    Returns:
        float32, shape (kept,), `kept <= samples` up to the rounding to whole milliseconds; the audio as it was when all
        of it is silent.
    """
    segment = _segment(audio, sample_rate)
    lead_ms = detect_leading_silence(segment, SILENCE_DBFS, chunk_size=5)
    if lead_ms >= len(segment):
        return audio
    tail_ms = detect_leading_silence(segment.reverse(), SILENCE_DBFS, chunk_size=5)
    kept = segment[max(0, lead_ms - KEPT_MS) : min(len(segment), len(segment) - tail_ms + KEPT_MS)]
    fade_ms = min(FADE_MS, len(kept) // 2)
    faded = kept.fade_in(fade_ms).fade_out(fade_ms) if fade_ms else kept
    return (np.frombuffer(faded.raw_data, dtype=np.int32) / FULL_SCALE).astype(np.float32)


def _segment(audio: np.ndarray, sample_rate: int) -> AudioSegment:
    """Turns audio into a 32-bit pydub segment (16 bits would cost precision for nothing)."""
    scaled = np.clip(audio.astype(np.float64) * FULL_SCALE, -FULL_SCALE, FULL_SCALE - 1)
    return AudioSegment(scaled.astype(np.int32).tobytes(), sample_width=4, frame_rate=sample_rate, channels=1)
