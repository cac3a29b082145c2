"""The second half of the engine: speech codes of the chosen candidates in, waveforms out (spec 4 and 5).

In the order of the work: the diffusion decoder turns the codes' latents into a mel spectrogram, the vocoder turns the
mel into a waveform. Utterances of like length are decoded together, without padding. Knows nothing of text or sampling.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tortoise_core.audio.constants import OUTPUT_RATE_HZ
from tortoise_core.audio.mel import denormalize_mel, normalize_mel
from tortoise_core.diffusion.process import GaussianDiffusion
from tortoise_core.diffusion.samplers import sampler_named
from tortoise_core.diffusion.samplers.loop import Guidance, row_noise, shallow_start
from tortoise_core.diffusion.schedule import NoiseSchedule
from tortoise_core.inference.code_stage import Chosen
from tortoise_core.inference.front_end import SpeechFormat
from tortoise_core.inference.interface import SpeechRequest
from tortoise_core.inference.precision import Precision
from tortoise_core.inference.presets import own_settings
from tortoise_core.inference.seeds import derived_seed
from tortoise_core.inference.vocoding import BATCH_FRAMES, WindowedVocoder
from tortoise_core.models.diffusion_decoder import DiffusionDecoder
from tortoise_core.models.diffusion_steps import DenoisingSteps
from tortoise_core.models.dvae import DiscreteVAE
from tortoise_core.nn.upload import upload

MAX_FRAMES = 8_192  # mel frames denoised in one batch
ENOUGH_FRAMES = 16_384  # keep a large GPU busy; more gain little
UNEVEN = 1.25  # times the shortest row: where padding costs more than another batch


class AudioStage:
    """Turns chosen codes into waveforms, with a diffusion decoder and a vocoder."""

    def __init__(
        self,
        decoder: DiffusionDecoder,
        vocoder: nn.Module,
        dvae: DiscreteVAE | None,
        speech: SpeechFormat,
        precision: Precision = "float32",
        max_frames: int = MAX_FRAMES,
        vocoded_frames: int = BATCH_FRAMES,
    ) -> None:
        """The networks become this stage's own: the decoder loses the layers that only its own `forward` needs.

        Args:
            decoder: the diffusion decoder.
            vocoder: a UnivNet or a frame vocoder.
            dvae: decodes codes to a first mel, for models whose diffusion starts from it or is conditioned on it.
            speech: how the model's networks are put together.
            precision: of the denoising steps, where nearly all the time goes; the rest is float32.
            max_frames: most mel frames denoised in one batch.
            vocoded_frames: most mel frames vocoded in one batch.
        """
        self.decoder = decoder
        self._dvae = dvae
        self._speech = speech
        self._max_frames = max_frames
        dtype = torch.float32 if precision == "float32" else torch.bfloat16
        self._steps = DenoisingSteps(decoder, dtype, eight_bit=precision == "w8a8")
        decoder.drop_steps()
        self._vocoder = WindowedVocoder(vocoder, batch_frames=vocoded_frames)
        self._process = GaussianDiffusion(
            NoiseSchedule.linear(), prediction=speech.prediction, learned_variance=decoder.config.learned_variance
        )

    def limit(self, max_frames: int, vocoded_frames: int) -> None:
        """Changes how many frames are denoised, and vocoded, in one batch."""
        self._max_frames = max_frames
        self._vocoder.batch_frames = vocoded_frames

    @property
    def _device(self) -> torch.device:
        return self.decoder.code_embedding.weight.device

    def like_lengths(self, chosen: Sequence[Chosen]) -> Iterator[list[int]]:
        """Yields batches of indices, short rows first, each batch within the frame budget; empty rows share one.

        Where rows are padded, a batch that is large enough ends before a row that much longer than its first.
        """
        order = sorted(range(len(chosen)), key=lambda i: len(chosen[i].aligned))
        batch: list[int] = []
        total = 0  # frames in the batch
        shortest = 0
        for index in order:
            frames = self.decoder.config.frames(len(chosen[index].aligned))
            longer = (len(batch) + 1) * frames if self._steps.padded else total + frames
            uneven = self._steps.padded and total >= ENOUGH_FRAMES and frames > UNEVEN * shortest
            if batch and (longer > self._max_frames or uneven or len(chosen[batch[0]].aligned) == 0):
                yield batch
                batch = []
                longer = frames
            if not batch:
                shortest = frames
            batch.append(index)
            total = longer
        if batch:
            yield batch

    def decode(self, requests: Sequence[SpeechRequest], chosen: Sequence[Chosen]) -> list[np.ndarray]:
        """Decodes a batch of `like_lengths` to waveforms, (samples,) float32 each."""
        if len(chosen[0].aligned) == 0:
            return [_silence() for _ in chosen]
        generators = [noise_generator(request) for request in requests]
        return self.vocode(self.mels(requests, chosen, generators), generators)

    def vocode(self, mels: Sequence[Tensor], generators: Sequence[torch.Generator]) -> list[np.ndarray]:
        """Turns log-mels (mels, frames) into waveforms, (samples,) float32 each."""
        return [_array(wave) for wave in self._vocoder.vocode(mels, generators)]

    def stream(self, request: SpeechRequest, chosen: Chosen) -> Iterator[np.ndarray]:
        """Yields the waveform that `decode` would make, piece by piece: (samples,) float32 each."""
        if len(chosen.aligned) == 0:
            yield _silence()
            return
        generator = noise_generator(request)
        (mel,) = self.mels([request], [chosen], [generator])
        for piece in self._vocoder.stream(mel, generator):
            yield _array(piece)

    def mels(
        self, requests: Sequence[SpeechRequest], chosen: Sequence[Chosen], generators: Sequence[torch.Generator]
    ) -> list[Tensor]:
        """Denoises a batch to log-mels, (mels, frames) each; a row's noise comes from its generator alone."""
        settings = own_settings(requests[0].settings)
        frames = [self.decoder.config.frames(len(c.aligned)) for c in chosen]
        # 1. What all denoising steps are conditioned on.
        dvae_mel = None if self._dvae is None else self._dvae_mel(self._dvae, chosen, max(frames))
        embedding = self._embedding(requests, chosen, frames, dvae_mel)
        # 2. Where denoising starts: from noise, or, in a shallow diffusion, from a noisy estimate of the mel.
        noise = row_noise(generators, self.decoder.config.in_channels, frames)
        start = upload(next(noise), self._device) * settings.diffusion_temperature
        sampler = sampler_named(settings.sampler)
        process = sampler.process(self._process, settings.diffusion_steps, self._speech.shallow)
        if self._speech.shallow < 1:
            start = shallow_start(process, self._estimated_mel(embedding, frames, dvae_mel), start)
        # 3. Denoising, with or without classifier-free guidance.
        guidance = None
        if settings.cond_free:
            strength = torch.full((len(requests),), settings.cond_free_k, device=self._device)
            guidance = Guidance(strength, ramp=settings.cond_free_ramp)
        denoise = self._steps.begin(embedding, frames, process.schedule.timestep_map, guided=settings.cond_free)
        mels = denormalize_mel(sampler.loop(process, denoise, start, noise, guidance=guidance))
        return [mel[:, :length] for mel, length in zip(mels, frames, strict=True)]

    def _embedding(
        self,
        requests: Sequence[SpeechRequest],
        chosen: Sequence[Chosen],
        frames: Sequence[int],
        dvae_mel: Tensor | None,
    ) -> Tensor:
        """The conditioning that all denoising steps share: of codes and voice. Shape: (B, C, max(frames))."""
        aligned = torch.nn.utils.rnn.pad_sequence([c.aligned for c in chosen], batch_first=True).to(self._device)
        return self.decoder.timestep_independent(
            aligned,
            torch.cat([torch.as_tensor(r.voice["diffusion"]) for r in requests]).to(self._device),
            max(frames),
            aligned_mask=_mask([len(c.aligned) for c in chosen], self._device),
            frame_mask=_mask(frames, self._device),
            guess=dvae_mel,
        )

    def _estimated_mel(self, embedding: Tensor, frames: Sequence[int], dvae_mel: Tensor | None) -> Tensor:
        """The normalised mel that a shallow diffusion starts from: the decoder's surrogate, else the dVAE's mel."""
        if self.decoder.config.surrogate_blocks or dvae_mel is None:
            return self.decoder.surrogate_mel(embedding, _mask(frames, self._device))
        return dvae_mel

    def _dvae_mel(self, dvae: DiscreteVAE, chosen: Sequence[Chosen], width: int) -> Tensor:
        """Normalised mels that the dVAE decodes the codes to, one row at a time, as its convolutions know no padding.

        Shape: (B, mels, width), zero past a row's end.
        """
        mels = [normalize_mel(dvae.decode(c.codes.to(self._device)[None])[0]) for c in chosen]
        return torch.stack([F.pad(mel, (0, width - mel.shape[1])) for mel in mels])


def noise_generator(request: SpeechRequest) -> torch.Generator:
    """The generator of an utterance's noise: it draws the diffusion's first, then the vocoder's."""
    return torch.Generator().manual_seed(derived_seed(request.seed, "diffusion", 0))


def _silence() -> np.ndarray:
    """A tenth of a second of silence, for a row without codes: the model stopped at once; qa will doubt the take."""
    return np.zeros(OUTPUT_RATE_HZ // 10, dtype=np.float32)


def _array(wave: Tensor) -> np.ndarray:
    audio: np.ndarray = wave.float().cpu().numpy()
    return audio


def _mask(lengths: Sequence[int], device: torch.device) -> Tensor | None:
    """(B, max) bool, True on real positions; None where nothing is padded."""
    if len(set(lengths)) == 1:
        return None
    return torch.arange(max(lengths), device=device) < torch.tensor(lengths, device=device)[:, None]
