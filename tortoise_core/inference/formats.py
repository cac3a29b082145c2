"""What differs between the published model and the embedded one around the same networks: text ids, voices, code rows.

A model's manifest names its format in the table `speech`; `SpeechFormat` is that table. The engine asks a format and
never the model's name. Knows networks' inputs, not how they are sampled.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import torch
from torch import Tensor

from tortoise_core.audio.conditioning import conditioning_mels
from tortoise_core.audio.constants import AR_RATE_HZ, OUTPUT_RATE_HZ
from tortoise_core.audio.load import load_audio
from tortoise_core.audio.mel import MelSpectrogram24k, normalize_mel
from tortoise_core.errors import AudioError
from tortoise_core.inference.codes import PUBLISHED_FORMAT, CodeFormat
from tortoise_core.inference.interface import VoiceLatents
from tortoise_core.models.autoregressive import AutoregressiveModel
from tortoise_core.models.diffusion_decoder import DiffusionDecoder
from tortoise_core.text.notation import respelled
from tortoise_core.text.phonemes import PhonemeTokenizer
from tortoise_core.text.tokenizer import Tokenizer

CONDITIONING_FRAMES = 192  # piece of a clip that the embedded model hears at once, in training and here (spec 8.7)
MAX_PIECES = 32


@dataclass(frozen=True)
class SpeechFormat:
    """The manifest's table `speech`; the defaults describe the published model."""

    front_end: Literal["published", "phones"] = "published"
    prediction: Literal["epsilon", "v"] = "epsilon"  # of the diffusion decoder
    decoder_input: Literal["latents", "codes"] = "latents"
    shallow: float = (
        1.0  # share of the diffusion process that is run, from the mel that the dVAE decodes; 1: from noise
    )
    max_text_tokens: int = 398  # the published model refuses 400 with its stops (spec 2)


class FrontEnd(Protocol):
    """Text and clips in, what the networks take out."""

    codes: CodeFormat

    def text_ids(self, text: str) -> list[int]:
        """Ids for the AR model (its start and stop are added there); empty where there is nothing to say."""

    def voice(
        self, autoregressive: AutoregressiveModel, decoder: DiffusionDecoder, clips: Sequence[Path]
    ) -> VoiceLatents:
        """Latents of the voice in the clips. Raises `AudioError`."""


class PublishedFrontEnd:
    """English cleaner, BPE ids with one extra stop (spec 4), two mel front-ends (spec 1.3)."""

    codes = PUBLISHED_FORMAT

    def __init__(self) -> None:
        self._tokenizer = Tokenizer()

    def text_ids(self, text: str) -> list[int]:
        """See `FrontEnd`; phonemes are respelled. Raises `TextError` for numbers that the cleaner cannot read."""
        ids = self._tokenizer.encode(respelled(text))
        return [*ids, 0] if ids else []

    def voice(
        self, autoregressive: AutoregressiveModel, decoder: DiffusionDecoder, clips: Sequence[Path]
    ) -> VoiceLatents:
        """See `FrontEnd`. Long clips are cropped where a generator seeded by their number says, always the same."""
        audio = [load_audio(clip, AR_RATE_HZ) for clip in clips]
        mels = conditioning_mels(audio, random.Random(len(audio)))
        return VoiceLatents(autoregressive.conditioning(mels.auto), decoder.conditioning_latent(mels.diffusion))


class PhoneFrontEnd:
    """Phones, one 24 kHz mel front-end, voices averaged over pieces of fixed length: the embedded model."""

    def __init__(self, stop_code: int) -> None:
        self.codes = CodeFormat(stop=stop_code)
        self._tokenizer = PhonemeTokenizer()
        self._mel = MelSpectrogram24k()

    def text_ids(self, text: str) -> list[int]:
        """See `FrontEnd`. Text without a single phone (punctuation alone) has nothing to say."""
        ids = self._tokenizer.encode(text)
        return ids if any(symbol[0].isalpha() for symbol in self._tokenizer.decode(ids)) else []

    def voice(
        self, autoregressive: AutoregressiveModel, decoder: DiffusionDecoder, clips: Sequence[Path]
    ) -> VoiceLatents:
        """See `FrontEnd`."""
        pieces = torch.cat([self._pieces(clip) for clip in clips])[:MAX_PIECES][None]
        return VoiceLatents(autoregressive.conditioning(normalize_mel(pieces)), decoder.conditioning_latent(pieces))

    def _pieces(self, clip: Path) -> Tensor:
        """Log-mel of a clip in pieces, the last filled up by going round. Shape: (n, 100, 192)."""
        audio = load_audio(clip, OUTPUT_RATE_HZ)
        if audio.shape[1] < OUTPUT_RATE_HZ // 2:
            raise AudioError(f"{clip} is shorter than half a second: give a longer clip of the voice")
        mel = self._mel(audio)[0, :, :-1]
        whole = -(-mel.shape[1] // CONDITIONING_FRAMES) * CONDITIONING_FRAMES
        wrapped = mel[:, torch.arange(whole) % mel.shape[1]]
        return wrapped.unflatten(1, (-1, CONDITIONING_FRAMES)).transpose(0, 1)


def front_end(speech: SpeechFormat, autoregressive: AutoregressiveModel) -> FrontEnd:
    """The front-end that a model's format asks for."""
    if speech.front_end == "published":
        return PublishedFrontEnd()
    return PhoneFrontEnd(autoregressive.config.code_stop)
