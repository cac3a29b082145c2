"""From reference clips to what the conditioning encoders read: length rules and mel stacks (spec 1.3).

Chance enters through an explicit `random.Random` alone. Knows nothing of files and of the encoders.
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
    """First `samples` of the last axis, zeros added at the end where there are fewer.

    Shape: `(..., L)` to `(..., samples)`.
    """
    return functional.pad(audio, (0, samples - audio.shape[-1]))  # a negative pad cuts


def pad_or_crop(audio: torch.Tensor, samples: int, chance: random.Random) -> torch.Tensor:
    """A window of the last axis at an offset drawn from `chance`; a shorter clip gets zeros at its end, without a draw.

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
    """Mel of one clip for the autoregressive model, cropped at random if longer than `samples`.

    Args:
        clip: `(1, L)` at the front-end's rate.
        chance: gives the offset.
        samples: length that the clip is brought to.
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
    """Mel of one clip for the diffusion model: always its beginning.

    Args:
        clip: `(1, L)`.
        rate_hz: the clip's rate.
        samples: length that the clip is brought to, at the front-end's rate.
        front_end: the published 24 kHz one unless given.

    Shape: `(1, bands, frames)`.
    """
    front_end = front_end or MelSpectrogram24k()
    return front_end(pad_or_truncate(resample(clip, rate_hz, front_end.config.sample_rate_hz), samples))


def conditioning_mels(clips: Sequence[torch.Tensor], chance: random.Random) -> ConditioningMels:
    """Both stacks of the published model.

    Args:
        clips: `(1, L)` each, at 22.05 kHz.
        chance: offsets of clips longer than 6 s, one draw each, in order.

    Raises:
        AudioError: there are no clips.
    """
    if not clips:
        raise AudioError("a voice needs at least one reference clip")
    mel_22k, mel_24k = MelSpectrogram22k(), MelSpectrogram24k()
    return ConditioningMels(
        auto=torch.stack([auto_mel(clip, chance, front_end=mel_22k) for clip in clips], dim=1),
        diffusion=torch.stack([diffusion_mel(clip, front_end=mel_24k) for clip in clips], dim=1),
    )
