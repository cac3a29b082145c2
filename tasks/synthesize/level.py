"""Brings every take to one speech level: models speak some sentences louder than others, for no reason in the text.

It must not know of chapters: their loudness as a whole is mastering's, which leaves sentences as they are. The numbers
below are part of what a take sounds like, therefore constants under `keys.CODE_FORMAT_VERSION`.
"""

from __future__ import annotations

import numpy as np

from tasks.qa.checks import window_levels_dbfs

SPEECH_DBFS = -23.0  # leaves room for the peaks of any voice
PAUSE_DB = 25.0  # a window so far below the loudest one is a pause, or the end of a word
MAX_GAIN_DB = 12.0  # what is further away than this is broken: the checks say so
PEAK = 0.98


def level_speech(audio: np.ndarray, sample_rate: int) -> np.ndarray:
    """Brings the RMS of the speech, pauses left out, to `SPEECH_DBFS`, as far as `MAX_GAIN_DB` and `PEAK` allow.

    Shape: float32 mono in [-1, 1], (samples,), to the same. Audio shorter than a window of 20 ms stays as it is.
    """
    levels = window_levels_dbfs(audio, sample_rate)
    if not len(levels):
        return audio
    spoken = levels[levels >= levels.max() - PAUSE_DB]
    level = 10 * np.log10(np.mean(10 ** (spoken / 10)))
    gain = 10 ** (np.clip(SPEECH_DBFS - level, -MAX_GAIN_DB, MAX_GAIN_DB) / 20)
    loudest = float(np.abs(audio).max())
    if gain > 1:  # never pushes a peak over the top; never turns down for a peak alone
        gain = max(1.0, min(gain, PEAK / max(loudest, 1e-9)))
    return (audio * gain).astype(np.float32)
