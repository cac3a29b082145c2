"""Owns the acoustic half of a model used alone: a recording in, the same speech out, to hear what each part costs.

Two chains: mel to vocoder; and dVAE codes to diffusion decoder to vocoder, in the voice of any clips. Text and the
networks that read it take no part.
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
from tortoise_core.inference.formats import FrontEnd, front_end, whole_mel
from tortoise_core.inference.interface import SamplingSettings, SpeechRequest, VoiceLatents
from tortoise_core.inference.precision import Precision
from tortoise_core.inference.text_side import TorToiseText
from tortoise_core.models.autoregressive import AutoregressiveConfig
from tortoise_core.models.code_search import search_codes
from tortoise_core.models.diffusion_decoder import DiffusionDecoder
from tortoise_core.models.dvae import DiscreteVAE


class Resynthesis:
    """The dVAE, diffusion decoder and vocoder of one model.

    Raises `CheckpointError` for a damaged model, `ConfigError` for one that came without its dVAE.
    """

    def __init__(self, manifest: ModelManifest, device: torch.device, precision: Precision = "float32") -> None:
        speech = TorToiseText(manifest.description).speech
        if "dvae" not in manifest.networks:
            raise ConfigError("the model came without its dVAE, so it has no codes of a recording: add dvae.pth")
        dvae, decoder = manifest.load("dvae", device), manifest.load("diffusion", device)
        config = manifest.networks["autoregressive"].config
        if not (
            isinstance(dvae, DiscreteVAE)
            and isinstance(decoder, DiffusionDecoder)
            and isinstance(config, AutoregressiveConfig)
        ):
            raise ConfigError("the model's networks do not play the parts that their roles say: import it again")
        self._dvae, self._decoder, self._device = dvae, decoder, device
        self._front_end: FrontEnd = front_end(speech, config.code_stop)
        guess = dvae if speech.shallow < 1 or decoder.config.guess else None
        self._audio = AudioStage(decoder, manifest.load("vocoder", device), guess, speech, precision)
        self._to_mel = MelSpectrogram24k()
        self._consistency, self._iterations = MelConsistency(), speech.mel_consistency
        self._candidates = speech.code_candidates

    @property
    def codebook_size(self) -> int:
        """How many codes there are."""
        return self._dvae.config.codes

    @torch.inference_mode()
    def voice(self, clips: Sequence[Path]) -> torch.Tensor:
        """The diffusion decoder's latent of a voice, (1, 2 C). Raises `AudioError`."""
        return self._decoder.conditioning_latent(self._front_end.conditioning(clips).diffusion.to(self._device)).cpu()

    @torch.inference_mode()
    def codes(self, clip: Path) -> torch.Tensor:
        """Speech codes of a recording, (M,) int64: of the best decoding, where the model's format says how many of the
        encoder's guesses are tried. Raises `AudioError`."""
        codes = search_codes(self._dvae, self._front_end.codec_mel(clip).to(self._device), self._candidates)
        return codes[0].cpu()

    @torch.inference_mode()
    def through_vocoder(self, clips: Sequence[Path], seed: int = 0, *, held_to_mel: bool = True) -> list[np.ndarray]:
        """What the vocoder makes of the recordings' own mels: (samples,) float32 each, as long as the recordings.

        A recording's mel is exact, so the waveform is held to it, where the model's format says so; a decoder's mel is
        a guess and nothing is held to that. `held_to_mel=False`: the vocoder alone, as it speaks in a book.
        """
        audio = [load_audio(clip, OUTPUT_RATE_HZ) for clip in clips]
        mels = [whole_mel(wave, self._to_mel)[0].to(self._device) for wave in audio]
        generators = [torch.Generator().manual_seed(seed) for _ in clips]
        said = self._audio.vocode(mels, generators)
        if held_to_mel and self._iterations:
            said = [self._held(wave, mel) for wave, mel in zip(said, mels, strict=True)]
        return [wave[: recording.shape[1]] for wave, recording in zip(said, audio, strict=True)]

    def _held(self, wave: np.ndarray, mel: torch.Tensor) -> np.ndarray:
        held = self._consistency(torch.from_numpy(wave)[None], mel.cpu()[None], self._iterations)
        audio: np.ndarray = held[0].clamp(-1, 1).numpy()
        return audio

    def through_codes(
        self, clips: Sequence[Path], voices: Sequence[torch.Tensor], settings: SamplingSettings, seed: int = 0
    ) -> list[np.ndarray]:
        """What the diffusion decoder and the vocoder make of the recordings' codes.

        Args:
            clips: the recordings.
            voices: latents (1, 2 C) of the voice that each is to be spoken in.
            settings: sampler, steps and guidance; what concerns text is not used.
            seed: of the noise.

        Returns: (samples,) float32 each: whole codes, so a little longer than the recordings.
        """
        return self.decode([self.codes(clip) for clip in clips], voices, settings, seed)

    @torch.inference_mode()
    def decode(
        self, codes: Sequence[torch.Tensor], voices: Sequence[torch.Tensor], settings: SamplingSettings, seed: int = 0
    ) -> list[np.ndarray]:
        """Codes (M,) to waveforms, as `through_codes` has them: (samples,) float32 each."""
        return self._made(codes, voices, settings, seed, self._audio.decode)

    @torch.inference_mode()
    def mels(
        self, codes: Sequence[torch.Tensor], voices: Sequence[torch.Tensor], settings: SamplingSettings, seed: int = 0
    ) -> list[np.ndarray]:
        """The log-mels that `decode` gives the vocoder: (mels, frames) float32 each."""

        def mels(requests: Sequence[SpeechRequest], chosen: Sequence[Chosen]) -> list[np.ndarray]:
            generators = [noise_generator(request) for request in requests]
            return [mel.float().cpu().numpy() for mel in self._audio.mels(requests, chosen, generators)]

        return self._made(codes, voices, settings, seed, mels)

    def _made(
        self,
        codes: Sequence[torch.Tensor],
        voices: Sequence[torch.Tensor],
        settings: SamplingSettings,
        seed: int,
        make: Callable[[Sequence[SpeechRequest], Sequence[Chosen]], list[np.ndarray]],
    ) -> list[np.ndarray]:
        """What `make` makes of codes, rows of like length together."""
        chosen = [Chosen(row, row, stopped=True) for row in codes]
        nothing = torch.empty(1, 0)  # the voice of the networks that read text
        requests = [SpeechRequest("", VoiceLatents(nothing, voice), settings, seed) for voice in voices]
        made: dict[int, np.ndarray] = {}
        for members in self._audio.like_lengths(chosen):
            results = make([requests[m] for m in members], [chosen[m] for m in members])
            made |= dict(zip(members, results, strict=True))
        return [made[index] for index in range(len(codes))]
