"""Owns the published way to speak one sentence, step by step in the order of the specification (spec 1, 4 and 5).

Slow and obvious on purpose: one candidate, one clip at a time, no cache, no batch. `engine.py` is the one to use; tests
hold it to this, and hold this to recordings of the original. Must not draw random numbers: they are given.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch

from tortoise_core.audio.conditioning import conditioning_mels
from tortoise_core.audio.mel import denormalize_mel
from tortoise_core.diffusion.process import GaussianDiffusion
from tortoise_core.diffusion.samplers import sampler_named
from tortoise_core.diffusion.samplers.loop import Guidance
from tortoise_core.diffusion.schedule import NoiseSchedule
from tortoise_core.errors import ConfigError, TextError
from tortoise_core.inference.codes import PUBLISHED_FORMAT, clean_codes, pad_codes, spoken_length
from tortoise_core.inference.flight import Prompt
from tortoise_core.inference.logits import DecodingSettings
from tortoise_core.inference.presets import SamplingSettings
from tortoise_core.inference.sampling_reference import sample_row
from tortoise_core.models.autoregressive import AutoregressiveModel
from tortoise_core.models.clvp import Clvp
from tortoise_core.models.cvvp import Cvvp
from tortoise_core.models.diffusion_decoder import DiffusionDecoder
from tortoise_core.models.univnet import SILENT_FRAMES, UnivNet
from tortoise_core.text.tokenizer import STOP_ID, Tokenizer

MOST_TEXT_TOKENS = 400  # with the appended stop; one less is the longest text that is spoken

Normal = Callable[[tuple[int, ...]], torch.Tensor]  # a standard normal draw of a shape


@dataclass(frozen=True, eq=False)
class PublishedModels:
    """The networks of the published model, in evaluation mode; the vocoder with its weight norm folded or not."""

    autoregressive: AutoregressiveModel
    clvp: Clvp
    diffusion: DiffusionDecoder
    vocoder: UnivNet
    cvvp: Cvvp | None = None


@dataclass(frozen=True, eq=False)
class VoiceOpinion:
    """How CVVP takes part in the ranking: its share, and the voice's mels (1, n, 80, S)."""

    amount: float  # 0: CLVP alone; 1: CVVP alone
    mels: torch.Tensor


@dataclass(frozen=True, eq=False)
class Ranking:
    """Scores in candidate order, (N,). `clvp` is None where CVVP alone decided."""

    clvp: torch.Tensor | None
    total: torch.Tensor


@dataclass(frozen=True, eq=False)
class ReferenceSpeech:
    """The best candidates, best first, and what led to them."""

    ranking: Ranking
    codes: torch.Tensor  # (k, max_codes), cleaned
    latents: torch.Tensor  # (k, max_codes, D), before trailing silence is cut
    mels: list[torch.Tensor]  # log-mels (1, bands, S)
    audio: list[torch.Tensor]  # (1, 1, samples) at 24 kHz


def text_tokens(text: str) -> torch.Tensor:
    """Ids with the one stop that the published program appends, (1, T). Raises `TextError` for long or empty text."""
    ids = Tokenizer().encode(text)
    if not ids:
        raise TextError(f"nothing to say in {text!r}: it holds no speakable characters")
    if len(ids) + 1 >= MOST_TEXT_TOKENS:
        raise TextError(f"text of {len(ids)} tokens is too long for the model's {MOST_TEXT_TOKENS - 2}: split it")
    return torch.tensor([[*ids, STOP_ID]])


@torch.no_grad()
def voice_latents(
    models: PublishedModels, clips: Sequence[torch.Tensor], chance: random.Random
) -> dict[str, torch.Tensor]:
    """Latents of a voice from clips (1, L) at 22.05 kHz; `chance` crops those longer than six seconds (spec 1.3)."""
    mels = conditioning_mels(clips, chance)
    return {
        "auto": models.autoregressive.conditioning(mels.auto),
        "diffusion": models.diffusion.conditioning_latent(mels.diffusion),
    }


def sample_candidates(
    models: PublishedModels,
    voice: Mapping[str, torch.Tensor],
    text: torch.Tensor,
    decoding: DecodingSettings,
    seeds: Sequence[int],
) -> torch.Tensor:
    """One row of codes per seed, filled up with stop codes: (N, max_codes)."""
    prompt = Prompt(voice["auto"][0], text[0])
    rows = [torch.tensor(sample_row(models.autoregressive, prompt, decoding, seed)) for seed in seeds]
    return torch.stack([pad_codes(row.long(), decoding.max_codes, PUBLISHED_FORMAT.stop) for row in rows])


@torch.no_grad()
def speak(
    models: PublishedModels,
    voice: Mapping[str, torch.Tensor],
    text: torch.Tensor,
    candidates: torch.Tensor,
    settings: SamplingSettings,
    normal: Normal,
    *,
    keep: int = 1,
    opinion: VoiceOpinion | None = None,
) -> ReferenceSpeech:
    """From candidate codes to speech.

    Args:
        text: ids (1, T) of `text_tokens`.
        candidates: codes (N, M), rows filled up with stop codes.
        normal: gives, for each returned clip, the start of the diffusion, one draw per step, the vocoder's noise.
        keep: how many of the best candidates to speak.
        opinion: of CVVP; None leaves the ranking to CLVP.
    """
    cleaned = torch.stack([_clean(row, settings.max_codes) for row in candidates])
    ranking = rank(models, text, cleaned, opinion)
    best = cleaned[ranking.total.topk(keep).indices]
    latents = models.autoregressive.latents(voice["auto"].expand(keep, -1), text.expand(keep, -1), best)
    mels: list[torch.Tensor] = []
    audio: list[torch.Tensor] = []
    for row, states in zip(best, latents, strict=True):
        spoken = states[None, : spoken_length(row, PUBLISHED_FORMAT)]
        mels.append(_diffuse(models.diffusion, spoken, voice["diffusion"], settings, normal))
        noise = normal((1, models.vocoder.config.noise_channels, mels[-1].shape[2] + SILENT_FRAMES))
        audio.append(models.vocoder.vocode(mels[-1], noise))
    return ReferenceSpeech(ranking, best, latents, mels, audio)


@torch.no_grad()
def rank(models: PublishedModels, text: torch.Tensor, codes: torch.Tensor, opinion: VoiceOpinion | None) -> Ranking:
    """Scores each cleaned row of codes (N, M); padding is scored too (spec 4).

    Raises `ConfigError` where CVVP is asked for and the model has none.
    """
    clvp = None
    if opinion is None or opinion.amount < 1:
        clvp = torch.cat([models.clvp.scores(text, row[None]) for row in codes])
        if opinion is None or opinion.amount == 0:
            return Ranking(clvp, clvp)
    if models.cvvp is None:
        raise ConfigError("ranking with a voice opinion needs the CVVP network: import cvvp.pth, too")
    per_clip = [torch.cat([models.cvvp.scores(mel, row[None]) for row in codes]) for mel in opinion.mels.unbind(1)]
    cvvp = torch.stack(per_clip).mean(0)
    return Ranking(clvp, cvvp if clvp is None else opinion.amount * cvvp + (1 - opinion.amount) * clvp)


def _clean(row: torch.Tensor, max_codes: int) -> torch.Tensor:
    return clean_codes(pad_codes(row, max_codes, PUBLISHED_FORMAT.stop), PUBLISHED_FORMAT)


def _diffuse(
    network: DiffusionDecoder,
    latents: torch.Tensor,
    voice: torch.Tensor,
    settings: SamplingSettings,
    normal: Normal,
) -> torch.Tensor:
    """Denoises latents (1, M, D) to a log-mel (1, bands, S)."""
    frames = network.config.frames(latents.shape[1])
    embedding = network.timestep_independent(latents, voice, frames)
    bare = network.unconditioned(1, frames)
    shape = (1, network.config.in_channels, frames)
    sampler = sampler_named(settings.sampler)
    process = sampler.process(GaussianDiffusion(NoiseSchedule.linear()), settings.diffusion_steps)
    start = normal(shape) * settings.diffusion_temperature
    guidance = None
    if settings.cond_free:
        strength = torch.tensor([settings.cond_free_k])
        guidance = Guidance(strength, lambda x, t: network(x, t, bare), ramp=settings.cond_free_ramp)
    draws = (normal(shape) for _ in itertools.count())
    mel = sampler.loop(process, lambda x, t: network(x, t, embedding), start, draws, guidance=guidance)
    return denormalize_mel(mel)
