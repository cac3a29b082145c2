"""Computes AR latents of the corpus's utterances, once, into a file. Knows nothing of the diffusion decoder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from tortoise_core.audio.mel import normalize_mel
from tortoise_core.corpus.corpus import Corpus
from tortoise_core.inference.logits import DecodingSettings, draw_codes, process_logits
from tortoise_core.models.autoregressive import AutoregressiveModel
from tortoise_core.training.data.aligned import DiffusionDataConfig
from tortoise_core.training.data.utterances import TrainingItem
from tortoise_core.training.loop import hash_seed


@torch.inference_mode()
def compute_latents(
    model: AutoregressiveModel, items: Sequence[TrainingItem], corpus: Corpus, path: Path, data: DiffusionDataConfig
) -> None:
    """Writes AR latents of utterances to `path`, float16, each in the voice of its own recording.

    At inference the decoder gets latents of codes that the AR model sampled, mistakes included. So a share of the codes
    is replaced by what the model draws at that place, given the true codes before it. The timing stays that of the
    recording, because the recording is the decoder's target.

    Continues a file that is not finished. Shape on disk: (sum of code counts, D).
    """
    width = model.config.width
    lengths = np.array([len(s.codes) for s in items])
    done_rows = path.stat().st_size // (2 * width) if path.exists() else 0
    done = int(np.searchsorted(np.cumsum(lengths), done_rows, side="right"))
    with path.open("ab") as file:
        file.truncate(int(lengths[:done].sum()) * 2 * width)
        for number, spoken in enumerate(items[done:], start=done):
            generator = torch.Generator().manual_seed(hash_seed(data.seed, number))
            mel = corpus.mel(spoken.item)[: data.conditioning_frames].T
            mel = np.pad(mel, ((0, 0), (0, data.conditioning_frames - mel.shape[1])), mode="wrap")
            cond = model.conditioning(normalize_mel(torch.from_numpy(mel)[None]))
            tokens = torch.from_numpy(spoken.tokens)[None]
            codes = torch.from_numpy(spoken.codes)[None]
            guessed = _guess_codes(model, model.latents(cond, tokens, codes), generator)
            replaced = torch.rand(codes.shape, generator=generator) < data.guessed_share
            latents = model.latents(cond, tokens, torch.where(replaced, guessed, codes))[0]
            file.write(np.ascontiguousarray(latents.numpy().astype(np.float16)).tobytes())


def _guess_codes(model: AutoregressiveModel, latents: Tensor, generator: torch.Generator) -> Tensor:
    """Draws each code from the logits of its latent, as inference draws them. Shape: (1, M, D) to (1, M)."""
    logits = model.mel_head(latents)[0, :, : model.config.code_start]
    spoken = torch.zeros(logits.shape[0], logits.shape[1], dtype=torch.bool)
    settings = DecodingSettings(temperature=0.7, top_k=50, top_p=0.8, repetition_penalty=1.0)
    scores = process_logits(logits, spoken, settings)
    return draw_codes(scores, torch.rand(len(scores), generator=generator))[None]
