"""Owns the acoustic half of a model used alone: a recording in, the same speech out, to hear what each part costs.

Copy synthesis, in two chains: recording, mel, vocoder; and recording, dVAE codes, diffusion decoder, vocoder, in the
voice of any clips. Knows nothing of text, nor of the networks that read it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch

from tortoise_core.audio.constants import OUTPUT_RATE_HZ
from tortoise_core.audio.load import load_audio
from tortoise_core.audio.mel import MelSpectrogram24k
from tortoise_core.audio.mel_consistency import MelConsistency
from tortoise_core.checkpoints.manifest import ModelManifest
from tortoise_core.errors import ConfigError
from tortoise_core.inference.audio_stage import AudioStage, noise_generator
from tortoise_core.inference.code_stage import Chosen
from tortoise_core.inference.features import FeatureExtractor, feature_extractor, whole_mel
from tortoise_core.inference.front_end import TorToiseFrontEnd
from tortoise_core.inference.interface import Sampling, SpeechRequest, VoiceLatents, check_voice
from tortoise_core.inference.precision import Precision
from tortoise_core.models.autoregressive import AutoregressiveConfig
from tortoise_core.models.code_search import search_codes
from tortoise_core.models.diffusion_decoder import DiffusionDecoder
from tortoise_core.models.dvae import DiscreteVAE


class Resynthesis:
    """The dVAE, diffusion decoder and vocoder of one model.

    Raises `CheckpointError` for a damaged model, `ConfigError` for one that came without its dVAE.
    """

    def __init__(self, manifest: ModelManifest, device: torch.device, precision: Precision = "float32") -> None:
        speech = TorToiseFrontEnd(manifest.description).speech
        if "dvae" not in manifest.networks:
            raise ConfigError("the model came without its dVAE, so it has no codes of a recording: add dvae.pth")
        dvae = manifest.load("dvae", device)
        decoder = manifest.load("diffusion", device)
        config = manifest.networks["autoregressive"].config
        if not (
            isinstance(dvae, DiscreteVAE)
            and isinstance(decoder, DiffusionDecoder)
            and isinstance(config, AutoregressiveConfig)
        ):
            raise ConfigError("the model folder has networks of the wrong kind for their roles: import the model again")
        self._dvae = dvae
        self._decoder = decoder
        self._device = device
        self._features: FeatureExtractor = feature_extractor(speech, config.code_stop)
        guess = dvae if speech.shallow < 1 or decoder.config.guess else None
        self._audio = AudioStage(decoder, manifest.load("vocoder", device), guess, speech, precision)
        self._to_mel = MelSpectrogram24k()
        self._consistency = MelConsistency()
        self._iterations = speech.mel_consistency
        self._candidates = speech.code_candidates

    @property
    def codebook_size(self) -> int:
        """How many codes there are."""
        return self._dvae.config.codes

    @torch.inference_mode()
    def voice(self, clips: Sequence[Path]) -> VoiceLatents:
        """The speaker of the clips, as far as the diffusion decoder needs to know. Raises `AudioError`."""
        mels = self._features.conditioning(clips).diffusion
        return {"diffusion": self._decoder.conditioning_latent(mels.to(self._device)).cpu().numpy()}

    @torch.inference_mode()
    def codes(self, clip: Path) -> torch.Tensor:
        """Speech codes of a recording, (M,) int64. Raises `AudioError`.

        Where the model's format names several code candidates, those are searched for the codes that decode best.
        """
        codes = search_codes(self._dvae, self._features.codec_mel(clip).to(self._device), self._candidates)
        return codes[0].cpu()

    @torch.inference_mode()
    def through_vocoder(self, clips: Sequence[Path], seed: int = 0, *, held_to_mel: bool = True) -> list[np.ndarray]:
        """Vocodes the recordings' own mels: (samples,) float32 each, as long as the recordings.

        A recording's mel is exact, so the waveform is corrected towards it, where the model's format says so; in a
        book the mel is the decoder's estimate, and nothing is corrected. `held_to_mel=False`: the vocoder alone, as it
        speaks in a book.
        """
        audio = [load_audio(clip, OUTPUT_RATE_HZ) for clip in clips]
        mels = [whole_mel(wave, self._to_mel)[0].to(self._device) for wave in audio]
        generators = [torch.Generator().manual_seed(seed) for _ in clips]
        waves = self._audio.vocode(mels, generators)
        if held_to_mel and self._iterations:
            waves = [self._held(wave, mel) for wave, mel in zip(waves, mels, strict=True)]
        return [wave[: recording.shape[1]] for wave, recording in zip(waves, audio, strict=True)]

    def _held(self, wave: np.ndarray, mel: torch.Tensor) -> np.ndarray:
        """Corrects a waveform (samples,) towards its exact mel (mels, frames)."""
        held = self._consistency(torch.from_numpy(wave)[None], mel.cpu()[None], self._iterations)
        audio: np.ndarray = held[0].clamp(-1, 1).numpy()
        return audio

    def through_codes(
        self, clips: Sequence[Path], voices: Sequence[VoiceLatents], settings: Sampling, seed: int = 0
    ) -> list[np.ndarray]:
        """Decodes the recordings' codes with the diffusion decoder and vocodes the mels.

        Args:
            clips: the recordings.
            voices: the voice that each is to be spoken in.
            settings: sampler, steps and guidance; what concerns text is not used.
            seed: of the noise.

        Returns: (samples,) float32 each: whole codes, so a little longer than the recordings.
        """
        return self.decode([self.codes(clip) for clip in clips], voices, settings, seed)

    @torch.inference_mode()
    def decode(
        self, codes: Sequence[torch.Tensor], voices: Sequence[VoiceLatents], settings: Sampling, seed: int = 0
    ) -> list[np.ndarray]:
        """Turns codes (M,) into waveforms as `through_codes` does: (samples,) float32 each."""
        return self._decode_with(codes, voices, settings, seed, self._audio.decode)

    @torch.inference_mode()
    def mels(
        self, codes: Sequence[torch.Tensor], voices: Sequence[VoiceLatents], settings: Sampling, seed: int = 0
    ) -> list[np.ndarray]:
        """The log-mels that `decode` gives the vocoder: (mels, frames) float32 each."""

        def mels(requests: Sequence[SpeechRequest], chosen: Sequence[Chosen]) -> list[np.ndarray]:
            generators = [noise_generator(request) for request in requests]
            return [mel.float().cpu().numpy() for mel in self._audio.mels(requests, chosen, generators)]

        return self._decode_with(codes, voices, settings, seed, mels)

    def _decode_with(
        self,
        codes: Sequence[torch.Tensor],
        voices: Sequence[VoiceLatents],
        settings: Sampling,
        seed: int,
        make: Callable[[Sequence[SpeechRequest], Sequence[Chosen]], list[np.ndarray]],
    ) -> list[np.ndarray]:
        """Calls `make` with batches of codes of like length; returns its results in the order of the codes."""
        chosen = [Chosen(row, row, stopped=True) for row in codes]
        for voice in voices:
            check_voice(voice, {"diffusion": 2 * self._decoder.config.model_channels})
        requests = [SpeechRequest("", voice, settings, seed) for voice in voices]
        made: dict[int, np.ndarray] = {}
        for members in self._audio.like_lengths(chosen):
            results = make([requests[m] for m in members], [chosen[m] for m in members])
            made |= dict(zip(members, results, strict=True))
        return [made[index] for index in range(len(codes))]
