"""What differs between the published model and the embedded one around the same networks: voices and code rows.

A model's manifest names its format in the table `speech` (`text_side.py`, which has the text ids too). The engine asks
a format and never the model's name. Knows networks' inputs, neither the networks nor how they are sampled.
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
from tortoise_core.inference.text_side import SpeechFormat

CONDITIONING_FRAMES = 192  # piece of a clip that the embedded model hears at once, in training and here (spec 8.7)
MAX_PIECES = 32


class FrontEnd(Protocol):
    """Clips in, what the networks take out."""

    codes: CodeFormat

    def conditioning(self, clips: Sequence[Path]) -> ConditioningMels:
        """What the conditioning encoders hear of a voice's clips. Raises `AudioError`."""

    def codec_mel(self, clip: Path) -> Tensor:
        """What the dVAE reads of a recording, (1, bands, 4 M) for M codes. Raises `AudioError`."""


class PublishedFrontEnd:
    """Two mel front-ends (spec 1.3)."""

    codes = PUBLISHED_FORMAT

    def conditioning(self, clips: Sequence[Path]) -> ConditioningMels:
        """See `FrontEnd`. Long clips are cropped where a generator seeded by their number says, always the same."""
        audio = [load_audio(clip, AR_RATE_HZ) for clip in clips]
        return conditioning_mels(audio, random.Random(len(audio)))

    def codec_mel(self, clip: Path) -> Tensor:
        """See `FrontEnd`."""
        return whole_mel(load_audio(clip, AR_RATE_HZ), MelSpectrogram22k())


class PhoneFrontEnd:
    """One 24 kHz mel front-end, voices averaged over pieces of fixed length: the embedded model."""

    def __init__(self, stop_code: int) -> None:
        self.codes = CodeFormat(stop=stop_code)
        self._mel = MelSpectrogram24k()

    def conditioning(self, clips: Sequence[Path]) -> ConditioningMels:
        """See `FrontEnd`."""
        pieces = torch.cat([self._pieces(clip) for clip in clips])[:MAX_PIECES][None]
        return ConditioningMels(normalize_mel(pieces), pieces)

    def codec_mel(self, clip: Path) -> Tensor:
        """See `FrontEnd`."""
        return whole_mel(load_audio(clip, OUTPUT_RATE_HZ), self._mel)

    def _pieces(self, clip: Path) -> Tensor:
        """Log-mel of a clip in pieces, the last filled up by going round. Shape: (n, 100, 192)."""
        audio = load_audio(clip, OUTPUT_RATE_HZ)
        if audio.shape[1] < OUTPUT_RATE_HZ // 2:
            raise AudioError(f"{clip} is shorter than half a second: give a longer clip of the voice")
        mel = self._mel(audio)[0, :, :-1]
        whole = -(-mel.shape[1] // CONDITIONING_FRAMES) * CONDITIONING_FRAMES
        wrapped = mel[:, torch.arange(whole) % mel.shape[1]]
        return wrapped.unflatten(1, (-1, CONDITIONING_FRAMES)).transpose(0, 1)


def front_end(speech: SpeechFormat, stop_code: int) -> FrontEnd:
    """The front-end that a model's format asks for; `stop_code` is that of its autoregressive network."""
    return PublishedFrontEnd() if speech.front_end == "published" else PhoneFrontEnd(stop_code)


def whole_mel(audio: Tensor, to_mel: MelSpectrogram) -> Tensor:
    """Mel of a recording (1, L), silence added up to whole codes: (1, bands, 4 M). The last, centred frame goes."""
    return to_mel(F.pad(audio, (0, -audio.shape[1] % SAMPLES_PER_CODE)))[:, :, :-1]
