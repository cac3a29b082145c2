"""Computes the diffusion decoder's mels of the corpus, in time with the recordings, once, into a file.

Knows nothing of the vocoder that is trained on them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from tortoise_core.audio.constants import FRAMES_PER_CODE
from tortoise_core.corpus.corpus import Corpus
from tortoise_core.inference.audio_stage import AudioStage, noise_generator
from tortoise_core.inference.code_stage import Chosen
from tortoise_core.inference.interface import SpeechRequest, VoiceLatents
from tortoise_core.inference.presets import SamplingSettings
from tortoise_core.training.data.aligned import AlignedInput
from tortoise_core.training.loop import hash_seed

_AT_ONCE = 64  # utterances; those of like length are decoded together
_VOICE_CLIPS = 8  # utterances that a voice is made from


@dataclass(frozen=True)
class DecodedConfig:
    """Which mels a vocoder is trained on besides those of the recordings."""

    share: float = 0.5  # of the pieces
    codes_share: float = 0.25  # of the utterances: from codes, the others from the AR model's latents
    preset: str = "fast"  # sampler and steps


@torch.inference_mode()
def compute_decoded(
    stage: AudioStage,
    corpus: Corpus,
    aligned: AlignedInput,
    settings: SamplingSettings,
    config: DecodedConfig,
    path: Path,
) -> None:
    """Decodes utterances, each in the voice of its speaker's first clips, and writes the mels to `path`, float16.

    Continues a file that is not finished. Shape on disk: (sum of 4 x code counts, mels).
    """
    items = aligned.items
    bins = stage.decoder.config.in_channels
    lengths = np.array([FRAMES_PER_CODE * len(spoken.codes) for spoken in items])
    done_frames = path.stat().st_size // (2 * bins) if path.exists() else 0
    done = int(np.searchsorted(np.cumsum(lengths), done_frames, side="right"))
    by_name = {name: _voice(stage, corpus, name) for name in {spoken.item.voice for spoken in items}}
    with path.open("ab") as file:
        file.truncate(int(lengths[:done].sum()) * 2 * bins)
        for start in range(done, len(items), _AT_ONCE):
            chosen = []
            requests = []
            for number in range(start, min(start + _AT_ONCE, len(items))):
                spoken = items[number]
                codes = torch.from_numpy(spoken.codes)
                as_codes = np.random.default_rng(hash_seed(number, 2)).random() < config.codes_share
                decoder_input = codes if as_codes else torch.from_numpy(aligned.piece(number, 0, len(codes)))
                chosen.append(Chosen(codes, decoder_input, stopped=True))
                requests.append(SpeechRequest("", by_name[spoken.item.voice], settings, seed=number))
            mels = _decode(stage, requests, chosen)
            file.write(b"".join(np.ascontiguousarray(mel.T.half().cpu().numpy()).tobytes() for mel in mels))


def _decode(stage: AudioStage, requests: Sequence[SpeechRequest], chosen: Sequence[Chosen]) -> list[Tensor]:
    """Decodes log-mels (mels, frames) of a few utterances; codes and latents apart, as a batch is of one kind."""
    mel_of: dict[int, Tensor] = {}
    for kind in (1, 2):
        numbers = [n for n, row in enumerate(chosen) if row.aligned.dim() == kind]
        for members in stage.like_lengths([chosen[n] for n in numbers]):
            batch = [numbers[m] for m in members]
            noise = [noise_generator(requests[n]) for n in batch]
            mels = stage.mels([requests[n] for n in batch], [chosen[n] for n in batch], noise)
            mel_of |= dict(zip(batch, mels, strict=True))
    return [mel_of[n] for n in range(len(chosen))]


def _voice(stage: AudioStage, corpus: Corpus, name: str) -> VoiceLatents:
    clips = [item for item in corpus.items if item.voice == name][:_VOICE_CLIPS]
    device = stage.decoder.code_embedding.weight.device
    mels = [torch.from_numpy(corpus.mel(clip).T)[None].to(device) for clip in clips]
    latent = torch.stack([stage.decoder.conditioning_latent(mel) for mel in mels]).mean(0)
    return {"diffusion": latent.cpu().numpy()}
