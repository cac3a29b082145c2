"""Changes level: one linear gain for a whole chapter, and a gentle limiter for the few peaks above the ceiling.

Functions work on streams of blocks; the result does not depend on how a stream is cut. This module must not know files
or chapters.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from scipy.ndimage import minimum_filter1d, uniform_filter1d

from tasks.master.meters import ABSOLUTE_GATE_LUFS, PEAK_CONTEXT, peak_of

MAX_LIMITING_DB = 6.0  # beyond this a limiter is heard; the chapter stays quieter instead
REACH_SECONDS = 0.010  # the limiter's gain moves within this time before and after a peak
MARGIN_DB = 0.05  # for what moving the gain adds between the samples that were looked at


def plan_gain_db(loudness_lufs: float, true_peak_dbtp: float, target_lufs: float, ceiling_dbtp: float) -> float:
    """Returns the gain that brings a chapter to its target loudness; 0 dB for a silent chapter.

    The gain is smaller where the limiter would have to take more than `MAX_LIMITING_DB` off the largest peak.
    """
    if loudness_lufs <= ABSOLUTE_GATE_LUFS:
        return 0.0
    gain_db = target_lufs - loudness_lufs
    return min(gain_db, ceiling_dbtp + MAX_LIMITING_DB - true_peak_dbtp)


def amplify(blocks: Iterable[np.ndarray], gain_db: float) -> Iterator[np.ndarray]:
    """Multiplies all blocks by one gain. As many samples come out as go in."""
    factor = 10 ** (gain_db / 20)
    for block in blocks:
        yield block * factor


def limit(blocks: Iterable[np.ndarray], ceiling_dbtp: float, sample_rate: int) -> Iterator[np.ndarray]:
    """Turns the gain down smoothly around peaks above the ceiling, and leaves everything else as it is.

    The gain is the moving average of the moving minimum of what every sample needs, both over the same window: at the
    peak itself it has arrived at what the peak needs.

    Args:
        blocks: mono audio, each block of shape (samples,).
        ceiling_dbtp: highest true peak allowed, dB relative to full scale.
        sample_rate: in Hz.

    Returns:
        As many samples as came in, in blocks of other sizes.
    """
    ceiling = 10 ** ((ceiling_dbtp - MARGIN_DB) / 20)
    reach = round(REACH_SECONDS * sample_rate)
    window = 2 * reach + 1
    context = 2 * reach + PEAK_CONTEXT
    for piece in _with_context(blocks, context):
        needed = ceiling / np.maximum(peak_of(piece), ceiling)
        gain = uniform_filter1d(minimum_filter1d(needed, window), window)
        yield (piece * gain)[context:-context]


def _with_context(blocks: Iterable[np.ndarray], context: int) -> Iterator[np.ndarray]:
    """Regroups a stream: every piece has `context` samples of its neighbours (or silence) on either side.

    Without their context, the pieces are the stream again. Shape of a piece: (samples + 2 * context,).
    """
    waiting = np.zeros(context)
    for block in blocks:
        waiting = np.concatenate([waiting, block])
        if len(waiting) > 2 * context:
            yield waiting
            waiting = waiting[-2 * context :]
    if len(waiting) > context:
        yield np.concatenate([waiting, np.zeros(context)])
