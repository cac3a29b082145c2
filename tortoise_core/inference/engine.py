"""The engine: speaks many utterances at once with one model, published or embedded (spec 4 and 5).

Candidates of all utterances share one autoregressive batch, CLVP picks one per utterance, and the diffusion decoder
takes utterances of like length together. `reference_pipeline.py` is the slow, obvious way to say one sentence with the
published model. Knows nothing of books, files or databases.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tortoise_core.audio.mel import denormalize_mel, normalize_mel
from tortoise_core.checkpoints.manifest import ModelManifest, read_manifest
from tortoise_core.diffusion.process import GaussianDiffusion
from tortoise_core.diffusion.samplers import Guidance, row_noise, sample_ancestral, sample_ddim, shallow_start
from tortoise_core.diffusion.schedule import NoiseSchedule
from tortoise_core.errors import ConfigError, OutOfMemoryError, TextError
from tortoise_core.inference.codes import clean_codes, pad_codes, spoken_length
from tortoise_core.inference.formats import FrontEnd, front_end
from tortoise_core.inference.interface import SamplingSettings, SpeechRequest, SpeechResult, VoiceLatents
from tortoise_core.inference.logits import DecodingSettings
from tortoise_core.inference.sampling import CodeRow, Keep, Prompt, sample_codes
from tortoise_core.inference.text_side import TorToiseText
from tortoise_core.models.autoregressive import AutoregressiveModel
from tortoise_core.models.clvp import Clvp
from tortoise_core.models.diffusion_decoder import DiffusionDecoder
from tortoise_core.models.dvae import DiscreteVAE
from tortoise_core.models.univnet import SILENT_FRAMES, UnivNet

Network = TypeVar("Network", bound=nn.Module)

SAMPLE_RATE = 24_000
Sampler = Callable[..., Tensor]
SAMPLERS: Mapping[str, Sampler] = {"ancestral": sample_ancestral, "ddim": sample_ddim}
MAX_ROWS = 96  # candidates decoded in one batch
MAX_FRAMES = 8_192  # padded mel frames denoised in one batch


@dataclass(frozen=True, eq=False)
class Chosen:
    """The candidate that was kept of one request."""

    codes: Tensor  # (M,), cut where the speech ends
    aligned: Tensor  # (M, D) latents, or the codes again: what the decoder is told
    stopped: bool
    score: float | None  # CLVP's; None where there was nothing to choose


class TorToiseEngine:
    """Implements `interface.Engine` with the networks of one model folder."""

    def __init__(self, manifest: ModelManifest, device: torch.device) -> None:
        self.device = device
        self._text = TorToiseText(manifest.description)
        self._speech = self._text.speech
        self._autoregressive: AutoregressiveModel = _as(AutoregressiveModel, manifest.load("autoregressive", device))
        self._clvp = _as(Clvp, manifest.load("clvp", device))
        self._decoder = _as(DiffusionDecoder, manifest.load("diffusion", device))
        self._vocoder = manifest.load("vocoder", device)
        guesses = self._speech.shallow < 1 or self._decoder.config.guess
        self._dvae = _as(DiscreteVAE, manifest.load("dvae", device)) if guesses else None
        self._front_end: FrontEnd = front_end(self._speech, self._autoregressive)
        self._process = GaussianDiffusion(
            NoiseSchedule.linear(),
            prediction=self._speech.prediction,
            learned_variance=self._decoder.config.learned_variance,
        )

    @property
    def sample_rate(self) -> int:
        """24,000 Hz."""
        return SAMPLE_RATE

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
        voice = self._front_end.voice(self._autoregressive, self._decoder, clips)
        return VoiceLatents(voice.auto.float().cpu(), voice.diffusion.float().cpu())

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
                chosen = self._choose([requests[i] for i in group])
                for members in self._like_lengths(chosen):
                    batch = [group[m] for m in members]
                    audio = self._decode([requests[i] for i in batch], [chosen[m] for m in members])
                    for i, m, wav in zip(batch, members, audio, strict=True):
                        results[i] = _result(wav, chosen[m])
        except (torch.OutOfMemoryError, MemoryError) as error:
            raise OutOfMemoryError(f"out of memory with {len(requests)} utterances: speak fewer at once") from error
        return [result for result in results if result is not None]

    def _check_voice(self, voice: VoiceLatents) -> None:
        wanted = ((1, self._autoregressive.config.width), (1, 2 * self._decoder.config.model_channels))
        given = (tuple(voice.auto.shape), tuple(voice.diffusion.shape))
        if given != wanted:
            raise ConfigError(
                f"the voice was made by another model (latents {given}, this one needs {wanted}): "
                "make it again from its clips with `talepress voice add`"
            )

    # --- codes ---

    def _choose(self, requests: Sequence[SpeechRequest]) -> list[Chosen]:
        """Samples candidates for requests of equal settings and keeps the best of each."""
        settings = requests[0].settings
        texts = [torch.tensor(self._text_ids(request.text)) for request in requests]
        prompts = [Prompt(r.voice.auto[0], text) for r, text in zip(requests, texts, strict=True)]
        seeds = [[_derive(r.seed, "candidate", c) for c in range(settings.candidates)] for r in requests]
        second_pass = self._front_end.codes.calm is not None  # repaired codes differ from the sampled ones
        keep = Keep(latents=self._speech.decoder_input == "latents" and not second_pass)
        rows = sample_codes(self._autoregressive, prompts, _decoding(settings), seeds, keep)
        return [self._best(prompt, candidates, settings) for prompt, candidates in zip(prompts, rows, strict=True)]

    def _text_ids(self, text: str) -> list[int]:
        ids = self._text.text_ids(text)
        if not ids:
            raise TextError(f"nothing to say in {text!r}: it holds no speakable characters")
        if len(ids) > self.max_text_tokens:
            raise TextError(f"text of {len(ids)} tokens is longer than the {self.max_text_tokens} allowed: split it")
        return ids

    def _best(self, prompt: Prompt, rows: Sequence[CodeRow], settings: SamplingSettings) -> Chosen:
        cleaned = [self._clean(row, settings.max_codes) for row in rows]
        scores: list[float] | None = None
        best = 0
        if len(rows) > 1:
            scores = self._scores(prompt, cleaned, rows)
            best = max(range(len(rows)), key=lambda i: scores[i] if scores else 0.0)
        codes = cleaned[best]
        end = spoken_length(codes, self._front_end.codes)
        aligned = codes
        if self._speech.decoder_input == "latents":
            kept = rows[best].latents
            aligned = self._second_pass(prompt, codes) if kept is None else kept
        return Chosen(codes[:end], aligned[:end], rows[best].stopped, None if scores is None else scores[best])

    def _clean(self, row: CodeRow, max_codes: int) -> Tensor:
        """The sampled codes as the codec wants them: as they are, or padded and repaired (spec 4)."""
        code_format = self._front_end.codes
        if code_format.calm is None:
            return row.codes
        return clean_codes(pad_codes(row.codes, max_codes, code_format.stop), code_format)

    def _scores(self, prompt: Prompt, codes: Sequence[Tensor], rows: Sequence[CodeRow]) -> list[float]:
        """CLVP's opinion of each candidate. A row without a stop has run away: it loses to any that ended."""
        text = prompt.text.to(self.device)[None]
        lengths = torch.tensor([max(1, len(c)) for c in codes], device=self.device)
        batch = torch.nn.utils.rnn.pad_sequence(list(codes), batch_first=True).to(self.device)
        if batch.shape[1] == 0:  # every candidate stopped at once
            return [0.0] * len(codes)
        batch = batch.clamp(max=self._clvp.config.code_tokens - 1)
        owners = torch.zeros(len(codes), dtype=torch.long, device=self.device)
        text_length = torch.tensor([text.shape[1]], device=self.device)
        scores = self._clvp.scores(text, batch, text_length, lengths, owners).tolist()
        return [score if row.stopped else score - 1e3 for score, row in zip(scores, rows, strict=True)]

    def _second_pass(self, prompt: Prompt, codes: Tensor) -> Tensor:
        voice, text = prompt.voice.to(self.device)[None], prompt.text.to(self.device)[None]
        return self._autoregressive.latents(voice, text, codes.to(self.device)[None])[0]

    # --- audio ---

    def _like_lengths(self, chosen: Sequence[Chosen]) -> Iterator[list[int]]:
        """Batches of indices, short ones first, each within the frame budget once padded; empty rows go alone."""
        order = sorted(range(len(chosen)), key=lambda i: len(chosen[i].aligned))
        batch: list[int] = []
        for index in order:
            frames = self._decoder.config.frames(len(chosen[index].aligned))
            if batch and (frames * (len(batch) + 1) > MAX_FRAMES or len(chosen[batch[0]].aligned) == 0):
                yield batch
                batch = []
            batch.append(index)
        if batch:
            yield batch

    def _decode(self, requests: Sequence[SpeechRequest], chosen: Sequence[Chosen]) -> list[np.ndarray]:
        """Latents (or codes) of utterances to waveforms, (samples,) float32 each."""
        if len(chosen[0].aligned) == 0:  # the model said nothing at all: the checks of the caller will hear it
            return [np.zeros(SAMPLE_RATE // 10, dtype=np.float32) for _ in chosen]
        frames = [self._decoder.config.frames(len(c.aligned)) for c in chosen]
        generators = [torch.Generator().manual_seed(_derive(r.seed, "diffusion", 0)) for r in requests]
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
        settings, decoder = requests[0].settings, self._decoder
        width = max(frames)
        aligned = torch.nn.utils.rnn.pad_sequence([c.aligned for c in chosen], batch_first=True).to(self.device)
        code_mask, frame_mask = _mask([len(c.aligned) for c in chosen], self.device), _mask(frames, self.device)
        voices = torch.cat([r.voice.diffusion for r in requests]).to(self.device)
        guess = None if self._dvae is None else self._first_guess(self._dvae, chosen, width)
        embedding = decoder.timestep_independent(
            aligned, voices, width, aligned_mask=code_mask, frame_mask=frame_mask, guess=guess
        )
        bands = decoder.config.in_channels
        noise = row_noise(generators, bands, frames)
        start = next(noise).to(self.device) * settings.diffusion_temperature
        process = self._respaced(settings.diffusion_steps)
        if guess is not None and self._speech.shallow < 1:
            start = shallow_start(process, guess, start)

        def denoise(x: Tensor, t: Tensor) -> Tensor:
            return decoder(x, t, embedding, frame_mask)

        guidance = None
        if settings.cond_free:
            empty = decoder.unconditioned(len(requests), width, frame_mask)
            strength = torch.full((len(requests),), settings.cond_free_k, device=self.device)
            guidance = Guidance(lambda x, t: decoder(x, t, empty, frame_mask), strength)
        return denormalize_mel(_sampler(settings.sampler)(process, denoise, start, noise, guidance=guidance))

    def _first_guess(self, dvae: DiscreteVAE, chosen: Sequence[Chosen], width: int) -> Tensor:
        """The codes as the dVAE decodes them, row by row: its convolutions know no padding. Shape: (B, mels, width)."""
        mels = [normalize_mel(dvae.decode(c.codes.to(self.device)[None])[0]) for c in chosen]
        return torch.stack([F.pad(mel, (0, width - mel.shape[1])) for mel in mels])

    def _respaced(self, steps: int) -> GaussianDiffusion:
        schedule = self._process.schedule.evenly_respaced(steps, until=self._speech.shallow)
        return GaussianDiffusion(
            schedule, prediction=self._process.prediction, learned_variance=self._process.learned_variance
        )

    def _vocode(self, mel: Tensor, generator: torch.Generator) -> np.ndarray:
        if isinstance(self._vocoder, UnivNet):
            shape = (1, self._vocoder.config.noise_channels, mel.shape[1] + SILENT_FRAMES)
            noise = torch.randn(shape, generator=generator).to(self.device)
            wav = self._vocoder.vocode(mel[None], noise)[0, 0]
        else:
            wav = self._vocoder(mel[None])[0]
        audio: np.ndarray = wav.clamp(-1, 1).float().cpu().numpy()
        return audio


def load_engine(model: str | Path, device: str = "auto") -> TorToiseEngine:
    """Loads a model folder (or manifest file) and gets ready to speak.

    Args: `device` "auto" takes a GPU where there is one.
    Raises `CheckpointError` for a missing or damaged model, `ConfigError` for an unknown device.
    """
    name = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
    try:
        target = torch.device(name)
    except RuntimeError as error:
        raise ConfigError(f"unknown device {device!r}: use auto, cpu or cuda") from error
    if target.type == "cuda" and not torch.cuda.is_available():
        raise ConfigError(f"device {device!r} was asked for, but torch sees no GPU here: use auto or cpu")
    return TorToiseEngine(read_manifest(Path(model)), target)


def _groups(requests: Sequence[SpeechRequest]) -> Iterator[list[int]]:
    """Indices of requests that share settings, at most `MAX_ROWS` candidates at a time, like text lengths together."""
    by_settings: dict[SamplingSettings, list[int]] = {}
    for index, request in enumerate(requests):
        by_settings.setdefault(request.settings, []).append(index)
    for settings, members in by_settings.items():
        members.sort(key=lambda i: len(requests[i].text))
        size = max(1, MAX_ROWS // settings.candidates)
        for start in range(0, len(members), size):
            yield members[start : start + size]


def _decoding(settings: SamplingSettings) -> DecodingSettings:
    return DecodingSettings(
        temperature=settings.temperature,
        top_k=settings.top_k,
        top_p=settings.top_p,
        repetition_penalty=settings.repetition_penalty,
        max_codes=settings.max_codes,
    )


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


def _derive(seed: int, purpose: str, index: int) -> int:
    """A 63-bit seed of its own for each random choice of a request."""
    digest = hashlib.sha256(f"{seed} {purpose} {index}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def _result(audio: np.ndarray, chosen: Chosen) -> SpeechResult:
    scores = {} if chosen.score is None else {"clvp": chosen.score}
    return SpeechResult(audio, SAMPLE_RATE, len(chosen.aligned), not chosen.stopped, scores)


def _as(kind: type[Network], network: nn.Module) -> Network:
    if not isinstance(network, kind):
        raise ConfigError(f"the model's {type(network).__name__} plays a part that needs a {kind.__name__}")
    return network
