"""Owns the rates and sizes of the published model (spec 1), derived from the few numbers that were chosen.

Units are in the names. Must not know tensors or files.
"""

from __future__ import annotations


def exact_div(numerator: int, denominator: int) -> int:
    """Divides two whole numbers. Raises `ValueError` where that leaves a remainder."""
    quotient, remainder = divmod(numerator, denominator)
    if remainder:
        raise ValueError(f"{numerator} is not a multiple of {denominator}")
    return quotient


# Chosen: reference audio, speech codes and autoregressive model live at 22.05 kHz, diffusion and vocoder at 24 kHz.
AR_RATE_HZ = 22_050
OUTPUT_RATE_HZ = 24_000
FFT_SAMPLES = 1024
HOP_SAMPLES = 256
AR_MEL_BANDS = 80
DIFFUSION_MEL_BANDS = 100
SAMPLES_PER_CODE = 1024  # at AR_RATE_HZ: the dVAE halves the frame rate twice
AR_CONDITIONING_SAMPLES = 132_300  # at AR_RATE_HZ
DIFFUSION_CONDITIONING_SAMPLES = 102_400  # at OUTPUT_RATE_HZ (4.267 s)

# Derived.
FRAMES_PER_CODE = exact_div(SAMPLES_PER_CODE, HOP_SAMPLES)
AR_CONDITIONING_SECONDS = exact_div(AR_CONDITIONING_SAMPLES, AR_RATE_HZ)
AR_CONDITIONING_FRAMES = AR_CONDITIONING_SAMPLES // HOP_SAMPLES + 1
DIFFUSION_CONDITIONING_FRAMES = exact_div(DIFFUSION_CONDITIONING_SAMPLES, HOP_SAMPLES) + 1

# Log-mel values are ln(max(mel, MEL_FLOOR)); the diffusion model sees them mapped linearly from [MIN, MAX] to [-1, 1].
MEL_FLOOR = 1e-5
DIFFUSION_MEL_MIN = -11.512925148010254  # ln(MEL_FLOOR) in float32
DIFFUSION_MEL_MAX = 2.3143386840820312
