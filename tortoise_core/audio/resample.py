"""Owns sample rate conversion: torchaudio's windowed sinc, as the published model used it. Must not know files."""

from __future__ import annotations

import math

import torch

from tortoise_core.errors import AudioError

RATES_HZ = range(4_000, 384_001)
# The filter bank has about from/gcd * to/gcd coefficients. Ordinary pairs stay far below (192000 -> 22050: 188
# thousand); rates without a common divisor, which only a damaged or hostile file has, would need gigabytes.
MOST_COEFFICIENTS = 2_000_000


def resample(waveform: torch.Tensor, from_hz: int, to_hz: int) -> torch.Tensor:
    """Converts a waveform to another rate (windowed sinc: Hann, 6 zero crossings, roll-off at 0.99 of Nyquist).

    Shape: `(..., L)` to `(..., ceil(L * to / from))`.

    Raises:
        AudioError: a rate that no recording has, or a pair of rates that is too costly to convert.
    """
    if from_hz == to_hz:
        return waveform
    if from_hz not in RATES_HZ or to_hz not in RATES_HZ:
        raise AudioError(
            f"cannot convert {from_hz} Hz to {to_hz} Hz: use rates from {RATES_HZ[0]} to {RATES_HZ[-1]} Hz"
        )
    common = math.gcd(from_hz, to_hz)
    if (from_hz // common) * (to_hz // common) > MOST_COEFFICIENTS:
        raise AudioError(f"cannot convert the unusual rate {from_hz} Hz to {to_hz} Hz: export the clip at 48000 Hz")
    from torchaudio import functional  # here: a tenth of a second, which speaking does without

    return functional.resample(waveform, from_hz, to_hz)
