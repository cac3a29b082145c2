"""Makes room tone: the faint noise of the room in which a book is read, in place of digital silence.

Speech that drops to absolute silence between sentences sounds like a fault, and 16-bit files need the dither. This
module must not know where in a chapter the tone is laid.
"""

from __future__ import annotations

import numpy as np
from scipy.signal import lfilter

LEVEL_DBFS = -76.0  # stays under the -60 dB noise floor that publishers ask for, whatever mastering adds
POLE = 0.8  # darkens white noise a little: rooms hum more than they hiss


class RoomTone:
    """An endless, seeded stream of faint noise; the same however it is cut into pieces."""

    def __init__(self, seed: int) -> None:
        """Starts the stream that belongs to `seed`."""
        self._random = np.random.default_rng(seed)
        self._state = np.zeros(1)
        self._gain = 10 ** (LEVEL_DBFS / 20) * np.sqrt(1 - POLE**2)  # the filter alone adds 1 / sqrt(1 - POLE^2)

    def next(self, samples: int) -> np.ndarray:
        """Returns the next samples of the stream. Shape: (samples,), float64."""
        noise = self._gain * self._random.standard_normal(samples)
        tone, self._state = lfilter([1.0], [1.0, -POLE], noise, zi=self._state)
        return tone
