"""The second half of the engine: chosen codes or latents in, waveforms out (spec 4 and 5).

The diffusion decoder takes utterances of like length together. Knows nothing of text or sampling.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tortoise_core.audio.constants import OUTPUT_RATE_HZ
from tortoise_core.audio.mel import denormalize_mel, normalize_mel
from tortoise_core.diffusion.process import GaussianDiffusion
from tortoise_core.diffusion.samplers import Guidance, row_noise, sample_ancestral, sample_ddim, shallow_start
from tortoise_core.diffusion.schedule import NoiseSchedule
from tortoise_core.errors import ConfigError
from tortoise_core.inference.code_stage import Chosen
from tortoise_core.inference.interface import SpeechRequest
from tortoise_core.inference.seeds import derived_seed
from tortoise_core.inference.text_side import SpeechFormat
from tortoise_core.models.diffusion_decoder import DiffusionDecoder
from tortoise_core.models.dvae import DiscreteVAE
from tortoise_core.models.univnet import SILENT_FRAMES, UnivNet

Sampler = Callable[..., Tensor]
SAMPLERS: Mapping[str, Sampler] = {"ancestral": sample_ancestral, "ddim": sample_ddim}
MAX_FRAMES = 8_192  # padded mel frames denoised in one batch


class AudioStage:
    """Chosen codes to waveforms. `dvae` is there where the decoder starts from, or hears, its decoding of the codes."""

    def __init__(
        self, decoder: DiffusionDecoder, vocoder: nn.Module, dvae: DiscreteVAE | None, speech: SpeechFormat
    ) -> None:
        self.decoder, self._vocoder, self._dvae, self._speech = decoder, vocoder, dvae, speech
        self._process = GaussianDiffusion(
            NoiseSchedule.linear(), prediction=speech.prediction, learned_variance=decoder.config.learned_variance
        )

    @property
    def _device(self) -> torch.device:
        return self.decoder.code_embedding.weight.device

    def like_lengths(self, chosen: Sequence[Chosen]) -> Iterator[list[int]]:
        """Batches of indices, short ones first, each within the frame budget once padded; empty rows go alone."""
        order = sorted(range(len(chosen)), key=lambda i: len(chosen[i].aligned))
        batch: list[int] = []
        for index in order:
            frames = self.decoder.config.frames(len(chosen[index].aligned))
            if batch and (frames * (len(batch) + 1) > MAX_FRAMES or len(chosen[batch[0]].aligned) == 0):
                yield batch
                batch = []
            batch.append(index)
        if batch:
            yield batch

    def decode(self, requests: Sequence[SpeechRequest], chosen: Sequence[Chosen]) -> list[np.ndarray]:
        """Latents (or codes) of utterances to waveforms, (samples,) float32 each."""
        if len(chosen[0].aligned) == 0:  # the model said nothing at all: the checks of the caller will hear it
            return [np.zeros(OUTPUT_RATE_HZ // 10, dtype=np.float32) for _ in chosen]
        frames = [self.decoder.config.frames(len(c.aligned)) for c in chosen]
        generators = [torch.Generator().manual_seed(derived_seed(r.seed, "diffusion", 0)) for r in requests]
        mels = self._denoise(requests, chosen, frames, generators)
        return [
            self._vocode(mel[:, :length], generator)
            for mel, length, generator in zip(mels, frames, generators, strict=True)
        ]

    def _denoise(
        self,
        requests: Sequence[SpeechRequest],
        chosen: Sequence[Chosen],
        frames: Sequence[int],
        generators: Sequence[torch.Generator],
    ) -> Tensor:
        """Log-mels of a batch. Shape: (B, mels, max(frames))."""
        settings, decoder = requests[0].settings, self.decoder
        width = max(frames)
        aligned = torch.nn.utils.rnn.pad_sequence([c.aligned for c in chosen], batch_first=True).to(self._device)
        code_mask, frame_mask = _mask([len(c.aligned) for c in chosen], self._device), _mask(frames, self._device)
        voices = torch.cat([r.voice.diffusion for r in requests]).to(self._device)
        guess = None if self._dvae is None else self._first_guess(self._dvae, chosen, width)
        embedding = decoder.timestep_independent(
            aligned, voices, width, aligned_mask=code_mask, frame_mask=frame_mask, guess=guess
        )
        bands = decoder.config.in_channels
        noise = row_noise(generators, bands, frames)
        start = next(noise).to(self._device) * settings.diffusion_temperature
        process = self._respaced(settings.diffusion_steps)
        if guess is not None and self._speech.shallow < 1:
            start = shallow_start(process, guess, start)

        def denoise(x: Tensor, t: Tensor) -> Tensor:
            return decoder(x, t, embedding, frame_mask)

        guidance = None
        if settings.cond_free:
            empty = decoder.unconditioned(len(requests), width, frame_mask)
            strength = torch.full((len(requests),), settings.cond_free_k, device=self._device)
            guidance = Guidance(lambda x, t: decoder(x, t, empty, frame_mask), strength)
        return denormalize_mel(_sampler(settings.sampler)(process, denoise, start, noise, guidance=guidance))

    def _first_guess(self, dvae: DiscreteVAE, chosen: Sequence[Chosen], width: int) -> Tensor:
        """The codes as the dVAE decodes them, row by row: its convolutions know no padding. Shape: (B, mels, width)."""
        mels = [normalize_mel(dvae.decode(c.codes.to(self._device)[None])[0]) for c in chosen]
        return torch.stack([F.pad(mel, (0, width - mel.shape[1])) for mel in mels])

    def _respaced(self, steps: int) -> GaussianDiffusion:
        schedule = self._process.schedule.evenly_respaced(steps, until=self._speech.shallow)
        return GaussianDiffusion(
            schedule, prediction=self._process.prediction, learned_variance=self._process.learned_variance
        )

    def _vocode(self, mel: Tensor, generator: torch.Generator) -> np.ndarray:
        if isinstance(self._vocoder, UnivNet):
            shape = (1, self._vocoder.config.noise_channels, mel.shape[1] + SILENT_FRAMES)
            noise = torch.randn(shape, generator=generator).to(self._device)
            wav = self._vocoder.vocode(mel[None], noise)[0, 0]
        else:
            wav = self._vocoder(mel[None])[0]
        audio: np.ndarray = wav.clamp(-1, 1).float().cpu().numpy()
        return audio


def _sampler(name: str) -> Sampler:
    try:
        return SAMPLERS[name]
    except KeyError:
        raise ConfigError(f"unknown sampler {name!r}: use one of {', '.join(SAMPLERS)}") from None


def _mask(lengths: Sequence[int], device: torch.device) -> Tensor | None:
    """(B, max) bool, True on real positions; None where nothing is padded."""
    if len(set(lengths)) == 1:
        return None
    return torch.arange(max(lengths), device=device) < torch.tensor(lengths, device=device)[:, None]
