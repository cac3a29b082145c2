"""The engine: speaks many utterances at once with one model, published or embedded (spec 4 and 5).

It puts three parts together: the front-end turns text into ids (`front_end.py`), the code stage samples speech codes
and picks the best row (`code_stage.py`), the audio stage turns codes into a mel and the mel into a waveform
(`audio_stage.py`). `reference_pipeline.py` is the slow, obvious way to say one sentence with the published model.
Knows nothing of books, files or databases.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from torch import nn

from tortoise_core.audio.constants import OUTPUT_RATE_HZ
from tortoise_core.checkpoints.manifest import ModelManifest, read_manifest
from tortoise_core.diffusion.samplers import sampler_named
from tortoise_core.errors import ConfigError, OutOfMemoryError
from tortoise_core.inference.audio_stage import AudioStage
from tortoise_core.inference.code_stage import Chosen, CodeStage
from tortoise_core.inference.devices import prepare, torch_device
from tortoise_core.inference.features import FeatureExtractor, feature_extractor
from tortoise_core.inference.front_end import CVVP, TorToiseFrontEnd
from tortoise_core.inference.interface import SpeechRequest, SpeechResult, VoiceLatents, check_voice
from tortoise_core.inference.memory import Budget, capacity, free_memory, is_memory_error
from tortoise_core.inference.precision import Precision
from tortoise_core.inference.presets import SamplingSettings, own_settings
from tortoise_core.inference.resynthesis import Resynthesis
from tortoise_core.inference.seeds import derived_seed
from tortoise_core.inference.streaming import LatentVocoder
from tortoise_core.models.autoregressive import AutoregressiveModel
from tortoise_core.models.clvp import Clvp
from tortoise_core.models.code_speller import CodeSpeller
from tortoise_core.models.cvvp import Cvvp
from tortoise_core.models.diffusion_decoder import DiffusionDecoder
from tortoise_core.models.dvae import DiscreteVAE
from tortoise_core.models.hifi_decoder import HifiDecoder
from tortoise_core.models.random_latents import RandomLatentGenerator

Network = TypeVar("Network", bound=nn.Module)

SPELLER = "speller"  # the role of the CTC scorer, which ranks candidates beside CLVP
RANDOM_LATENTS = {"auto": "rlg_auto", "diffusion": "rlg_diffuser"}  # the networks that make up each half of a voice
HIFI_DECODER = "hifi_decoder"  # the role of the network that lets the published model stream


class TorToiseEngine(TorToiseFrontEnd):
    """Implements `interface.Engine` with the networks of one model folder; what needs none is its front-end's."""

    def __init__(self, manifest: ModelManifest, device: torch.device, precision: Precision = "float32") -> None:
        super().__init__(manifest.description)
        self.precision = precision
        self._manifest = manifest
        self._device = device
        autoregressive = _as(AutoregressiveModel, manifest.load("autoregressive", device))
        config = autoregressive.config
        self._features: FeatureExtractor = feature_extractor(self.speech, config.code_stop)
        clvp = _as(Clvp, manifest.load("clvp", device))
        scorer = _as(CodeSpeller, manifest.load(SPELLER, device)) if SPELLER in manifest.networks else None
        self._codes = CodeStage(
            autoregressive, clvp, self, self._features.codes, precision, scorer, cvvp=lambda: self._cvvp
        )
        decoder = _as(DiffusionDecoder, manifest.load("diffusion", device))
        needs_dvae = self.speech.shallow < 1 or decoder.config.guess
        dvae = _as(DiscreteVAE, manifest.load("dvae", device)) if needs_dvae else None
        vocoder = manifest.load("vocoder", device)
        fits = capacity(config, decoder.config, precision, config.max_codes, device, free_memory(device))
        self._budget = Budget(fits)
        self._audio = AudioStage(decoder, vocoder, dvae, self.speech, precision, fits.frames, fits.vocoded_frames)

    @property
    def sample_rate(self) -> int:
        """24,000 Hz."""
        return OUTPUT_RATE_HZ

    @property
    def voice_widths(self) -> dict[str, int]:
        """`auto`: what the autoregressive model hears of a voice; `diffusion`: what the diffusion decoder does."""
        return {
            "auto": self._codes.autoregressive.config.width,
            "diffusion": 2 * self._audio.decoder.config.model_channels,
        }

    @torch.inference_mode()
    def voice_from_clips(self, clips: Sequence[Path]) -> VoiceLatents:
        """See `interface.Engine`."""
        if not clips:
            raise ConfigError("a voice needs at least one clip")
        mels = self._features.conditioning(clips)
        auto = self._codes.autoregressive.conditioning(mels.auto.to(self._device))
        diffusion = self._audio.decoder.conditioning_latent(mels.diffusion.to(self._device))
        voice = {"auto": auto.float().cpu(), "diffusion": diffusion.float().cpu()}
        if CVVP in self._manifest.networks:
            voice[CVVP] = self._cvvp.voice(mels.auto[0].to(self._device)).float().cpu()
        return {name: latent.numpy() for name, latent in voice.items()}

    @torch.inference_mode()
    def random_voice(self, seed: int) -> VoiceLatents:
        """See `interface.Engine`."""
        missing = sorted(set(RANDOM_LATENTS.values()) - set(self._manifest.networks))
        if missing:
            raise ConfigError(
                f"this model makes no random voices: it has no {' and no '.join(missing)}; import the published "
                "one with its rlg_auto.pth and rlg_diffuser.pth, or mix voices: `talepress voice add NAME --mix A&B`"
            )
        generators = {
            name: _as(RandomLatentGenerator, self._manifest.load(role)) for name, role in RANDOM_LATENTS.items()
        }
        return {
            name: network.sample(torch.Generator().manual_seed(derived_seed(seed, name, 0))).numpy()
            for name, network in generators.items()
        }

    @torch.inference_mode()
    def speak(self, requests: Sequence[SpeechRequest]) -> list[SpeechResult]:
        """See `interface.Engine`. Requests of different settings are spoken in separate batches.

        Raises `ConfigError` for a voice that another model made, and for settings that this engine cannot follow,
        before anything is spoken.
        """
        for request in requests:
            self._check(request)
        while True:
            results = self._attempt(requests)
            if results is not None:
                self._budget.went_well()
                return results
            if self._device.type == "cuda":  # here and not in a handler: by now the failed call's tensors are freed
                torch.cuda.empty_cache()
            if not self._budget.ran_out():
                raise OutOfMemoryError(f"out of memory with {len(requests)} utterances: speak fewer at once")

    def _attempt(self, requests: Sequence[SpeechRequest]) -> list[SpeechResult] | None:
        """Speaks all requests within the present budget; None where memory ran out."""
        results: dict[int, list[SpeechResult]] = {}  # by request, the best candidate's first
        fits = self._budget.now
        self._audio.limit(fits.frames, fits.vocoded_frames)
        try:
            for group in _groups(requests):
                best = self._codes.choose([requests[i] for i in group], fits.rows)
                kept = [(i, c) for i, own in zip(group, best, strict=True) for c in (own, *own.others)]
                owners = [i for i, _ in kept]
                chosen = [candidate for _, candidate in kept]
                spoken: dict[int, SpeechResult] = {}
                for members in self._audio.like_lengths(chosen):
                    audio = self._audio.decode([requests[owners[m]] for m in members], [chosen[m] for m in members])
                    spoken |= {m: _result(wav, chosen[m]) for m, wav in zip(members, audio, strict=True)}
                for m, owner in enumerate(owners):
                    results.setdefault(owner, []).append(spoken[m])
        except (RuntimeError, MemoryError) as error:
            if not is_memory_error(error):
                raise
            return None
        return [replace(results[i][0], others=tuple(results[i][1:])) for i in range(len(requests))]

    @torch.inference_mode()
    def stream(self, request: SpeechRequest) -> Iterator[np.ndarray]:
        """Speaks one utterance in pieces, float32 (samples,) each, as soon as they are made.

        With a HiFi-GAN decoder in the model folder (role "hifi_decoder"), audio comes while codes are still being
        sampled: one candidate, no ranking, no diffusion (spec 6.6). Without, the pieces are those of `speak`, the
        vocoder's windows one by one. Raises as `speak`.
        """
        self._check(request)
        try:
            if self._latent_vocoder is None:
                (chosen,) = self._codes.choose([request])
                yield from self._audio.stream(request, chosen)
            else:
                voice = torch.as_tensor(request.voice["auto"]).to(self._latent_vocoder.device)
                for piece in self._latent_vocoder.stream(self._codes.stream(request), voice):
                    yield piece.cpu().numpy()
        except (RuntimeError, MemoryError) as error:
            if not is_memory_error(error):
                raise
            raise OutOfMemoryError("out of memory with one utterance: cut the text shorter") from error

    @functools.cached_property
    def _cvvp(self) -> Cvvp:
        """Loaded when first asked for: it judges by request alone."""
        return _as(Cvvp, self._manifest.load(CVVP, self._device))

    @functools.cached_property
    def _latent_vocoder(self) -> LatentVocoder | None:
        """Loaded when first asked for: most engines never stream."""
        if HIFI_DECODER not in self._manifest.networks:
            return None
        return LatentVocoder(_as(HifiDecoder, self._manifest.load(HIFI_DECODER, self._device)))

    def _check(self, request: SpeechRequest) -> None:
        """Raises `ConfigError` for another model's voice, another engine's settings, or an unknown sampler."""
        settings = own_settings(request.settings)
        widths = self.voice_widths
        if settings.cvvp_amount:
            widths[CVVP] = self._cvvp.config.latent_width
        check_voice(request.voice, widths)
        sampler_named(settings.sampler)


def load_engine(model: str | Path, device: str = "auto", precision: Precision = "float32") -> TorToiseEngine:
    """Loads the networks of a model folder (or manifest file).

    Args:
        model: the folder.
        device: "cpu", "cuda", "cuda:1", or "auto": a GPU where there is one.
        precision: see `precision.py`.

    Raises `CheckpointError` for a missing or damaged model, `ConfigError` for an unknown device.
    """
    return TorToiseEngine(read_manifest(Path(model)), _prepared(device, precision), precision)


def load_resynthesis(model: str | Path, device: str = "auto", precision: Precision = "float32") -> Resynthesis:
    """Loads the acoustic half of a model alone. Arguments and errors: see `load_engine`."""
    return Resynthesis(read_manifest(Path(model)), _prepared(device, precision), precision)


def _prepared(name: str, precision: Precision) -> torch.device:
    """The device of that name, set up to compute in this precision."""
    device = torch_device(name)
    prepare(device, precision)
    return device


def _groups(requests: Sequence[SpeechRequest]) -> Iterator[list[int]]:
    """Yields indices of requests to sample together: of equal settings."""
    by_settings: dict[SamplingSettings, list[int]] = {}
    for index, request in enumerate(requests):
        by_settings.setdefault(own_settings(request.settings), []).append(index)
    yield from by_settings.values()


def _result(audio: np.ndarray, chosen: Chosen) -> SpeechResult:
    return SpeechResult(audio, OUTPUT_RATE_HZ, not chosen.stopped, chosen.rating.total, chosen.rating.spelled)


def _as(kind: type[Network], network: nn.Module) -> Network:
    """The network, if it is of the kind that its role needs. Raises `ConfigError` if not."""
    if not isinstance(network, kind):
        raise ConfigError(
            f"the model folder has a {type(network).__name__} where a {kind.__name__} belongs: import the model again"
        )
    return network
