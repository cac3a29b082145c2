"""Changes level: one linear gain for a whole chapter, and a gentle limiter for the few peaks above the ceiling.

Functions work on streams of blocks; the result does not depend on how a stream is cut. This module must not know files
or chapters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np
from scipy.ndimage import minimum_filter1d, uniform_filter1d

from tasks.master.meters import ABSOLUTE_GATE_LUFS, PEAK_CONTEXT, LoudnessMeter, measure, peak_of

# The most that the limiter takes off the largest peak. Voices with sharp glottal pulses need 9 dB. A chapter that needs
# more holds a bang: its speech must not be pushed into the limiter for that, so the chapter stays quieter instead.
MAX_LIMITING_DB = 12.0
CLOSE_LU = 0.1  # a gain that differs by less is not worth another trial
MAX_TRIALS = 8  # of a gain; each brings the loudness nearer to the target
REACH_SECONDS = 0.010  # the limiter's gain moves within this time before and after a peak
MARGIN_DB = 0.05  # for what moving the gain adds between the samples that were looked at


def level(
    read: Callable[[], Iterable[np.ndarray]], target_lufs: float, ceiling_dbtp: float, sample_rate: int
) -> Iterator[np.ndarray]:
    """Brings audio to a loudness, its peaks below a ceiling.

    Limiting takes loudness as well as peaks, so where it is needed the gain is found by trial. Audio that needs none
    gets one linear gain and nothing else.

    Args:
        read: starts the audio from its beginning: mono blocks, each of shape (samples,). It is called for every trial.
        target_lufs: integrated loudness wanted.
        ceiling_dbtp: highest true peak allowed.
        sample_rate: in Hz.

    Returns:
        As many samples as are read. They are quieter than the target where the limiter would have to take more than
        `MAX_LIMITING_DB` off the largest peak; silence stays as it is.
    """
    loudness, peak = measure(read(), sample_rate)
    silent = loudness <= ABSOLUTE_GATE_LUFS
    gain_db = 0.0 if silent else target_lufs - loudness
    if peak + gain_db <= ceiling_dbtp:
        return amplify(read(), gain_db)
    highest_db = 0.0 if silent else ceiling_dbtp + MAX_LIMITING_DB - peak
    gain_db = min(gain_db, highest_db)
    for _ in range(MAX_TRIALS):
        missing = target_lufs - _loudness(limit(amplify(read(), gain_db), ceiling_dbtp, sample_rate), sample_rate)
        better_db = min(gain_db + missing, highest_db)
        if abs(better_db - gain_db) <= CLOSE_LU:
            break
        gain_db = better_db
    return limit(amplify(read(), gain_db), ceiling_dbtp, sample_rate)


def _loudness(blocks: Iterable[np.ndarray], sample_rate: int) -> float:
    """Returns the integrated loudness of a stream in LUFS."""
    meter = LoudnessMeter(sample_rate)
    for block in blocks:
        meter.add(block)
    return meter.lufs()


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
