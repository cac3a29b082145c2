"""Owns the way from reference clips to the mels that the conditioning encoders read: lengths and stacks (spec 1.3).

Chance enters through an explicit `random.Random` alone. Must not know files, nor the encoders.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch.nn import functional

from tortoise_core.audio import constants
from tortoise_core.audio.mel import MelSpectrogram, MelSpectrogram22k, MelSpectrogram24k
from tortoise_core.audio.resample import resample
from tortoise_core.errors import AudioError


@dataclass(frozen=True, eq=False)
class ConditioningMels:
    """Mel stacks of n reference clips.

    Shape: `auto` (1, n, 80, 517) for the autoregressive model, `diffusion` (1, n, 100, 401) for the diffusion model.
    """

    auto: torch.Tensor
    diffusion: torch.Tensor


def pad_or_truncate(audio: torch.Tensor, samples: int) -> torch.Tensor:
    """Brings the last axis to `samples`: cuts its end off, or adds zeros there.

    Shape: `(..., L)` to `(..., samples)`.
    """
    return functional.pad(audio, (0, samples - audio.shape[-1]))  # a negative pad cuts


def pad_or_crop(audio: torch.Tensor, samples: int, chance: random.Random) -> torch.Tensor:
    """Cuts a window out of the last axis, its offset drawn from `chance`.

    A clip that is not longer gets zeros at its end, and nothing is drawn.

    Shape: `(..., L)` to `(..., samples)`.
    """
    gap = audio.shape[-1] - samples
    if gap <= 0:
        return pad_or_truncate(audio, samples)
    start = chance.randint(0, gap)
    return audio[..., start : start + samples]


def auto_mel(
    clip: torch.Tensor,
    chance: random.Random,
    samples: int = constants.AR_CONDITIONING_SAMPLES,
    front_end: MelSpectrogram | None = None,
) -> torch.Tensor:
    """Computes the mel of one clip for the autoregressive model; a clip longer than `samples` is cropped at random.

    Args:
        clip: `(1, L)` at the front-end's rate.
        chance: gives the offset.
        samples: length to bring the clip to.
        front_end: the published 22.05 kHz one unless given.

    Shape: `(1, bands, frames)`.
    """
    return (front_end or MelSpectrogram22k())(pad_or_crop(clip, samples, chance))


def diffusion_mel(
    clip: torch.Tensor,
    rate_hz: int = constants.AR_RATE_HZ,
    samples: int = constants.DIFFUSION_CONDITIONING_SAMPLES,
    front_end: MelSpectrogram | None = None,
) -> torch.Tensor:
    """Computes the mel of one clip for the diffusion model, always of its beginning.

    Args:
        clip: `(1, L)`.
        rate_hz: the clip's rate.
        samples: length to bring the clip to, at the front-end's rate.
        front_end: the published 24 kHz one unless given.

    Shape: `(1, bands, frames)`.
    """
    front_end = front_end or MelSpectrogram24k()
    return front_end(pad_or_truncate(resample(clip, rate_hz, front_end.config.sample_rate_hz), samples))


def conditioning_mels(clips: Sequence[torch.Tensor], chance: random.Random) -> ConditioningMels:
    """Computes the mel stacks of both published models from the same clips.

    Args:
        clips: `(1, L)` each, at 22.05 kHz.
        chance: offsets of clips longer than 6 s, one draw each, in order.

    Raises:
        AudioError: there are no clips.
    """
    if not clips:
        raise AudioError("a voice needs at least one reference clip, and none was given: name a WAV or FLAC file")
    mel_22k = MelSpectrogram22k()
    mel_24k = MelSpectrogram24k()
    return ConditioningMels(
        auto=torch.stack([auto_mel(clip, chance, front_end=mel_22k) for clip in clips], dim=1),
        diffusion=torch.stack([diffusion_mel(clip, front_end=mel_24k) for clip in clips], dim=1),
    )
