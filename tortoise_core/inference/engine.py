"""The engine: speaks many utterances at once with one model, published or embedded (spec 4 and 5).

`code_stage.py` writes and chooses codes, `audio_stage.py` makes them audible; this puts them together.
`reference_pipeline.py` is the slow, obvious way to say one sentence with the published model. Knows nothing of books,
files or databases.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from torch import nn

from tortoise_core.audio.constants import OUTPUT_RATE_HZ
from tortoise_core.checkpoints.manifest import ModelManifest, read_manifest
from tortoise_core.errors import ConfigError, OutOfMemoryError
from tortoise_core.inference.audio_stage import AudioStage
from tortoise_core.inference.code_stage import Chosen, CodeStage
from tortoise_core.inference.formats import FrontEnd, front_end
from tortoise_core.inference.interface import SamplingSettings, SpeechRequest, SpeechResult, VoiceLatents
from tortoise_core.inference.memory import capacity, free_memory
from tortoise_core.inference.precision import Precision
from tortoise_core.inference.resynthesis import Resynthesis
from tortoise_core.inference.streaming import LatentVocoding
from tortoise_core.inference.text_side import TorToiseText
from tortoise_core.models.autoregressive import AutoregressiveModel
from tortoise_core.models.clvp import Clvp
from tortoise_core.models.code_speller import CodeSpeller
from tortoise_core.models.diffusion_decoder import DiffusionDecoder
from tortoise_core.models.dvae import DiscreteVAE
from tortoise_core.models.hifi_decoder import HifiDecoder

Network = TypeVar("Network", bound=nn.Module)

SPELLER = "speller"  # the role of the network that ranks candidates beside CLVP
HIFI_DECODER = "hifi_decoder"  # the role of the network that lets the published model stream
MOST_CANDIDATES = 768  # sampled before the first of them is heard; far fewer are in flight at a time


class TorToiseEngine:
    """Implements `interface.Engine` with the networks of one model folder."""

    def __init__(self, manifest: ModelManifest, device: torch.device, precision: Precision = "float32") -> None:
        self._text = TorToiseText(manifest.description)
        self.precision = precision
        self._manifest, self._device = manifest, device
        speech = self._text.speech
        autoregressive = _as(AutoregressiveModel, manifest.load("autoregressive", device))
        decoder = _as(DiffusionDecoder, manifest.load("diffusion", device))
        guesses = speech.shallow < 1 or decoder.config.guess
        dvae = _as(DiscreteVAE, manifest.load("dvae", device)) if guesses else None
        self._front_end: FrontEnd = front_end(speech, autoregressive.config.code_stop)
        clvp = _as(Clvp, manifest.load("clvp", device))
        speller = _as(CodeSpeller, manifest.load(SPELLER, device)) if SPELLER in manifest.networks else None
        self._codes = CodeStage(autoregressive, clvp, self._text, self._front_end, precision, speller)
        vocoder, config = manifest.load("vocoder", device), autoregressive.config
        fits = capacity(config, decoder.config, precision, config.max_codes, device, free_memory(device))
        self._rows_in_flight = fits.rows
        self._audio = AudioStage(decoder, vocoder, dvae, speech, precision, max_frames=fits.frames)

    @property
    def sample_rate(self) -> int:
        """24,000 Hz."""
        return OUTPUT_RATE_HZ

    @property
    def digest(self) -> str:
        """See `interface.Engine`."""
        return self._text.digest

    @property
    def max_text_tokens(self) -> int:
        """See `interface.Engine`."""
        return self._text.max_text_tokens

    def token_count(self, text: str) -> int:
        """See `interface.Engine`. Raises `TextError` for text that the front-end cannot read."""
        return self._text.token_count(text)

    def settings(self, preset: str) -> SamplingSettings:
        """See `interface.Engine`: the model's own presets, or the published ones."""
        return self._text.settings(preset)

    @torch.inference_mode()
    def voice_from_clips(self, clips: Sequence[Path]) -> VoiceLatents:
        """See `interface.Engine`."""
        if not clips:
            raise ConfigError("a voice needs at least one clip")
        mels = self._front_end.conditioning(clips)
        auto = self._codes.autoregressive.conditioning(mels.auto.to(self._device))
        diffusion = self._audio.decoder.conditioning_latent(mels.diffusion.to(self._device))
        return VoiceLatents(auto.float().cpu(), diffusion.float().cpu())

    @torch.inference_mode()
    def speak(self, requests: Sequence[SpeechRequest]) -> list[SpeechResult]:
        """See `interface.Engine`. Requests of different settings are spoken in separate batches.

        Raises `ConfigError` for a voice that another model made.
        """
        for request in requests:
            self._check_voice(request.voice)
        results: list[SpeechResult | None] = [None] * len(requests)
        try:
            for group in _groups(requests):
                chosen = self._codes.choose([requests[i] for i in group], self._rows_in_flight)
                for members in self._audio.like_lengths(chosen):
                    batch = [group[m] for m in members]
                    audio = self._audio.decode([requests[i] for i in batch], [chosen[m] for m in members])
                    for i, m, wav in zip(batch, members, audio, strict=True):
                        results[i] = _result(wav, chosen[m])
        except (torch.OutOfMemoryError, MemoryError) as error:
            raise OutOfMemoryError(f"out of memory with {len(requests)} utterances: speak fewer at once") from error
        return [result for result in results if result is not None]

    @torch.inference_mode()
    def stream(self, request: SpeechRequest) -> Iterator[np.ndarray]:
        """Speaks one utterance in pieces, float32 (samples,) each, as soon as they are made.

        With a HiFi-GAN decoder in the model folder (role "hifi_decoder"), audio comes while codes are still being
        sampled: one candidate, no ranking, no diffusion (spec 6.6). Without, the pieces are those of `speak`, the
        vocoder's windows one by one. Raises as `speak`.
        """
        self._check_voice(request.voice)
        try:
            if self._latent_vocoding is None:
                (chosen,) = self._codes.choose([request])
                yield from self._audio.stream(request, chosen)
            else:
                voice = request.voice.auto.to(self._latent_vocoding.device)
                for piece in self._latent_vocoding.stream(self._codes.stream(request), voice):
                    yield piece.cpu().numpy()
        except (torch.OutOfMemoryError, MemoryError) as error:
            raise OutOfMemoryError("out of memory with one utterance: cut the text shorter") from error

    @functools.cached_property
    def _latent_vocoding(self) -> LatentVocoding | None:
        """Loaded when first asked for: most engines never stream."""
        if HIFI_DECODER not in self._manifest.networks:
            return None
        return LatentVocoding(_as(HifiDecoder, self._manifest.load(HIFI_DECODER, self._device)))

    def _check_voice(self, voice: VoiceLatents) -> None:
        wanted = ((1, self._codes.autoregressive.config.width), (1, 2 * self._audio.decoder.config.model_channels))
        given = (tuple(voice.auto.shape), tuple(voice.diffusion.shape))
        if given != wanted:
            raise ConfigError(
                f"the voice was made by another model (latents {given}, this one needs {wanted}): "
                "make it again from its clips with `talepress voice add`"
            )


def load_engine(model: str | Path, device: str = "auto", precision: Precision = "float32") -> TorToiseEngine:
    """Loads a model folder (or manifest file) and gets ready to speak.

    Args: `device` "auto" takes a GPU where there is one; `precision` see `precision.py`.
    Raises `CheckpointError` for a missing or damaged model, `ConfigError` for an unknown device.
    """
    return TorToiseEngine(read_manifest(Path(model)), torch_device(device), precision)


def load_resynthesis(model: str | Path, device: str = "auto", precision: Precision = "float32") -> Resynthesis:
    """Loads the acoustic half of a model alone; arguments and errors as for `load_engine`."""
    return Resynthesis(read_manifest(Path(model)), torch_device(device), precision)


def torch_device(device: str) -> torch.device:
    """What "auto", "cpu", "cuda" or "cuda:1" means on this machine. Raises `ConfigError`."""
    name = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
    try:
        target = torch.device(name)
    except RuntimeError as error:
        raise ConfigError(f"unknown device {device!r}: use auto, cpu or cuda") from error
    if target.type == "cuda" and not torch.cuda.is_available():
        raise ConfigError(f"device {device!r} was asked for, but torch sees no GPU here: use auto or cpu")
    return target


def _groups(requests: Sequence[SpeechRequest]) -> Iterator[list[int]]:
    """Indices of requests that share settings, at most `MOST_CANDIDATES` at a time, like text lengths together."""
    by_settings: dict[SamplingSettings, list[int]] = {}
    for index, request in enumerate(requests):
        by_settings.setdefault(request.settings, []).append(index)
    for settings, members in by_settings.items():
        members.sort(key=lambda i: len(requests[i].text))
        size = max(1, MOST_CANDIDATES // settings.candidates)
        for start in range(0, len(members), size):
            yield members[start : start + size]


def _result(audio: np.ndarray, chosen: Chosen) -> SpeechResult:
    return SpeechResult(audio, OUTPUT_RATE_HZ, len(chosen.aligned), not chosen.stopped, dict(chosen.scores))


def _as(kind: type[Network], network: nn.Module) -> Network:
    if not isinstance(network, kind):
        raise ConfigError(f"the model's {type(network).__name__} plays a part that needs a {kind.__name__}")
    return network
