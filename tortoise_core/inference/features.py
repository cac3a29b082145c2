"""Owns feature extraction: from recordings to what the networks take in, for the published and the embedded model.

A model's manifest names its kind in the table `speech` (`front_end.py`). The engine asks a feature extractor and never
the model's name. Knows nothing of networks but the inputs that they take.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional as F

from tortoise_core.audio.conditioning import ConditioningMels, conditioning_mels
from tortoise_core.audio.constants import AR_RATE_HZ, OUTPUT_RATE_HZ, SAMPLES_PER_CODE
from tortoise_core.audio.load import load_audio
from tortoise_core.audio.mel import MelSpectrogram, MelSpectrogram22k, MelSpectrogram24k, normalize_mel
from tortoise_core.errors import AudioError
from tortoise_core.inference.codes import PUBLISHED_FORMAT, CodeFormat
from tortoise_core.inference.front_end import SpeechFormat

CONDITIONING_FRAMES = 192  # of a clip that the embedded model encodes at once, in training and here (spec 8.7)
MAX_PIECES = 32


class FeatureExtractor(Protocol):
    """Turns recordings into mels for the conditioning encoders and for the dVAE."""

    codes: CodeFormat  # how rows of this codec end

    def conditioning(self, clips: Sequence[Path]) -> ConditioningMels:
        """Mels of a voice's clips for the conditioning encoders. Raises `AudioError`."""

    def codec_mel(self, clip: Path) -> Tensor:
        """Mel of a recording for the dVAE, (1, bands, 4 M) for M codes. Raises `AudioError`."""


class PublishedFeatureExtractor:
    """Two kinds of mel, at 22.05 and at 24 kHz (spec 1.3)."""

    codes = PUBLISHED_FORMAT

    def conditioning(self, clips: Sequence[Path]) -> ConditioningMels:
        """See `FeatureExtractor`. Where long clips are cropped depends on the number of clips alone."""
        audio = [load_audio(clip, AR_RATE_HZ) for clip in clips]
        return conditioning_mels(audio, random.Random(len(audio)))

    def codec_mel(self, clip: Path) -> Tensor:
        """See `FeatureExtractor`."""
        return whole_mel(load_audio(clip, AR_RATE_HZ), MelSpectrogram22k())


class PhoneFeatureExtractor:
    """The embedded model's: one mel at 24 kHz, and voices averaged over pieces of fixed length."""

    def __init__(self, stop_code: int) -> None:
        self.codes = CodeFormat(stop=stop_code)
        self._mel = MelSpectrogram24k()

    def conditioning(self, clips: Sequence[Path]) -> ConditioningMels:
        """See `FeatureExtractor`."""
        pieces = torch.cat([self._pieces(clip) for clip in clips])[:MAX_PIECES][None]
        return ConditioningMels(normalize_mel(pieces), pieces)

    def codec_mel(self, clip: Path) -> Tensor:
        """See `FeatureExtractor`."""
        return whole_mel(load_audio(clip, OUTPUT_RATE_HZ), self._mel)

    def _pieces(self, clip: Path) -> Tensor:
        """Log-mel of a clip in pieces; the last is filled up from the clip's start. Shape: (n, 100, 192)."""
        audio = load_audio(clip, OUTPUT_RATE_HZ)
        if audio.shape[1] < OUTPUT_RATE_HZ // 2:
            raise AudioError(f"{clip} is shorter than half a second: give a longer clip of the voice")
        mel = self._mel(audio)[0, :, :-1]
        whole = -(-mel.shape[1] // CONDITIONING_FRAMES) * CONDITIONING_FRAMES
        wrapped = mel[:, torch.arange(whole) % mel.shape[1]]
        return wrapped.unflatten(1, (-1, CONDITIONING_FRAMES)).transpose(0, 1)


def feature_extractor(speech: SpeechFormat, stop_code: int) -> FeatureExtractor:
    """The feature extractor of a model's format; `stop_code` is that of its autoregressive network."""
    return PublishedFeatureExtractor() if speech.front_end == "published" else PhoneFeatureExtractor(stop_code)


def whole_mel(audio: Tensor, to_mel: MelSpectrogram) -> Tensor:
    """Mel of a recording (1, L), padded with silence to M whole codes: (1, bands, 4 M), the last frame dropped."""
    return to_mel(F.pad(audio, (0, -audio.shape[1] % SAMPLES_PER_CODE)))[:, :, :-1]
