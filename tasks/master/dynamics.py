"""One linear gain for a whole chapter, and a gentle limiter for the few peaks that would pass the ceiling.

It works on streams of blocks; the result does not depend on how the stream is cut. It must not know files or chapters.
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
    """The gain that brings a chapter to its target without asking more than 6 dB of the limiter; 0 for a silent one."""
    if loudness_lufs <= ABSOLUTE_GATE_LUFS:
        return 0.0
    gain_db = target_lufs - loudness_lufs
    return min(gain_db, ceiling_dbtp + MAX_LIMITING_DB - true_peak_dbtp)


def amplify(blocks: Iterable[np.ndarray], gain_db: float) -> Iterator[np.ndarray]:
    """Applies one gain to all blocks."""
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
    for seen in _with_context(blocks, context):
        needed = ceiling / np.maximum(peak_of(seen), ceiling)
        gain = uniform_filter1d(minimum_filter1d(needed, window), window)
        yield (seen * gain)[context:-context]


def _with_context(blocks: Iterable[np.ndarray], context: int) -> Iterator[np.ndarray]:
    """Regroups a stream: every piece has `context` samples of its neighbours (or silence) on either side."""
    held = np.zeros(context)
    for block in blocks:
        held = np.concatenate([held, block])
        if len(held) > 2 * context:
            yield held
            held = held[-2 * context :]
    if len(held) > context:
        yield np.concatenate([held, np.zeros(context)])
