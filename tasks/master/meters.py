"""Measures loudness and true peak block by block, so that memory does not grow with the chapter.

The meters know samples and rates. They must not know chapters or files.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from pyloudnorm import IIRfilter
from scipy.signal import lfilter, resample_poly

ABSOLUTE_GATE_LUFS = -70.0
RELATIVE_GATE_LU = -10.0
STEPS_PER_BLOCK = 4  # 400 ms gating blocks that overlap by 75 % are four steps of 100 ms
OVERSAMPLING = 4
PEAK_CONTEXT = 64  # samples of the neighbouring blocks that the interpolation filter sees; it reaches 10
SILENT_DBTP = -144.0  # reported for digital silence: the floor of 24-bit audio


class LoudnessMeter:
    """Integrated, gated loudness of mono audio (ITU-R BS.1770-4).

    The K-weighting is pyloudnorm's re-derivation of the standard's 48 kHz filters for any sample rate (B. De Man,
    "Evaluation of Implementations of the EBU R128 Loudness Measurement", 2018).
    """

    def __init__(self, sample_rate: int) -> None:
        """Starts a measurement at `sample_rate` Hz."""
        shelf = IIRfilter(3.99984385397, 0.7071752369554193, 1681.9744509555319, sample_rate, "high_shelf_DeMan")
        high_pass = IIRfilter(0.0, 0.5003270373253953, 38.13547087613982, sample_rate, "high_pass_DeMan")
        self._coefficients = [(stage.b, stage.a) for stage in (shelf, high_pass)]
        self._states = [np.zeros(max(len(b), len(a)) - 1) for b, a in self._coefficients]
        self._step = round(0.1 * sample_rate)
        self._rest = np.zeros(0)
        self._energies: list[np.ndarray] = []  # mean square of every full step, after weighting

    def add(self, block: np.ndarray) -> None:
        """Measures the next samples, shape (samples,), any length."""
        weighted = np.asarray(block, dtype=np.float64)
        for index, (b, a) in enumerate(self._coefficients):
            weighted, self._states[index] = lfilter(b, a, weighted, zi=self._states[index])
        weighted = np.concatenate([self._rest, weighted])
        whole = len(weighted) - len(weighted) % self._step
        self._energies.append(np.mean(np.square(weighted[:whole].reshape(-1, self._step)), axis=1))
        self._rest = weighted[whole:]

    def lufs(self) -> float:
        """Returns the loudness so far in LUFS; the absolute gate, -70, when no block of 400 ms is louder than it."""
        return loudness_of([self])

    def steps(self) -> np.ndarray:
        """Returns the mean square, after weighting, of every full step of 100 ms so far."""
        return np.concatenate(self._energies) if self._energies else np.zeros(0)


def loudness_of(channels: Sequence[LoudnessMeter]) -> float:
    """Returns the integrated loudness of a file whose channels, left and right or one, were measured each by itself."""
    steps = np.sum([meter.steps() for meter in channels], axis=0)
    if len(steps) < STEPS_PER_BLOCK:
        return ABSOLUTE_GATE_LUFS
    blocks = np.convolve(steps, np.full(STEPS_PER_BLOCK, 1 / STEPS_PER_BLOCK), mode="valid")
    blocks = blocks[blocks >= _energy(ABSOLUTE_GATE_LUFS)]
    if not len(blocks):
        return ABSOLUTE_GATE_LUFS
    return _lufs(float(np.mean(blocks[blocks > np.mean(blocks) * 10 ** (RELATIVE_GATE_LU / 10)])))


class TruePeakMeter:
    """Largest magnitude of mono audio after four-fold oversampling (ITU-R BS.1770-4, annex 2)."""

    def __init__(self) -> None:
        """Starts a measurement; the sample rate does not matter."""
        self._context = np.zeros(2 * PEAK_CONTEXT)  # the last samples: half of them measured already, half waiting
        self._peak = 0.0

    def add(self, block: np.ndarray) -> None:
        """Measures the next samples, shape (samples,), any length."""
        joined = np.concatenate([self._context, block])
        self._peak = max(self._peak, peak_of(joined)[PEAK_CONTEXT:-PEAK_CONTEXT].max(initial=0.0))
        self._context = joined[-2 * PEAK_CONTEXT :]

    def dbtp(self) -> float:
        """Returns the true peak so far in dB relative to full scale."""
        waiting = peak_of(np.concatenate([self._context, np.zeros(PEAK_CONTEXT)]))[PEAK_CONTEXT:-PEAK_CONTEXT]
        peak = max(self._peak, waiting.max(initial=0.0))
        return float(20 * np.log10(peak)) if peak > 0 else SILENT_DBTP


def measure(blocks: Iterable[np.ndarray], sample_rate: int) -> tuple[float, float]:
    """Returns integrated loudness (LUFS) and true peak (dBTP) of a stream of mono blocks, each of shape (samples,)."""
    loudness = LoudnessMeter(sample_rate)
    peak = TruePeakMeter()
    for block in blocks:
        loudness.add(block)
        peak.add(block)
    return loudness.lufs(), peak.dbtp()


def peak_of(audio: np.ndarray) -> np.ndarray:
    """Returns the largest magnitude at and shortly after every sample, four-fold oversampled.

    Shape: (samples,) to (samples,).
    """
    fine = np.abs(resample_poly(np.asarray(audio, dtype=np.float64), OVERSAMPLING, 1))
    return fine.reshape(-1, OVERSAMPLING).max(axis=1)


def _energy(lufs: float) -> float:
    """Returns the mean square of K-weighted audio of this loudness (ITU-R BS.1770-4, equation 2)."""
    return 10 ** ((lufs + 0.691) / 10)


def _lufs(energy: float) -> float:
    """Returns the loudness of K-weighted audio with this mean square (ITU-R BS.1770-4, equation 2)."""
    return float(-0.691 + 10 * np.log10(energy))
