"""Aligned pieces of codes (or AR latents) and mel: what the diffusion decoder is trained on. Knows no network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from tortoise_core.audio.constants import FRAMES_PER_CODE
from tortoise_core.corpus.corpus import Corpus, CorpusItem
from tortoise_core.corpus.sentences import split_held_out
from tortoise_core.training.data.crops import VALIDATION_SEED
from tortoise_core.training.data.utterances import TrainingItem
from tortoise_core.training.loop import hash_seed


@dataclass(frozen=True)
class DiffusionDataConfig:
    """Pieces of one fixed length, because the CPU compiles a kernel for every new shape."""

    batch: int = 16
    codes: int = 32  # 128 frames, 1.4 s
    conditioning_frames: int = 192
    guessed_share: float = 0.7  # of the input codes, when latents are made: see `compute_latents`
    latent_items: int = 100_000  # how many utterances have latents: the first ones of the corpus
    codes_share: float = 0.0  # of the batches have codes instead of latents, so that the decoder still reads codes
    revoiced_share: float = 0.0  # of the rows of those batches have codes of another reader: see `revoiced.py`
    seed: int = 0


@dataclass(frozen=True, eq=False)
class AlignedInput:
    """The decoder's input for each utterance: its codes, or the AR model's latents for them."""

    items: Sequence[TrainingItem]
    latents: np.ndarray | None = None  # (sum of code counts, D) float16, utterance after utterance; None: codes
    revoiced: np.ndarray | None = None  # (sum of code counts,): codes of the same sentences read by other voices

    @cached_property
    def _offsets(self) -> np.ndarray:
        return np.concatenate([[0], np.cumsum([len(spoken.codes) for spoken in self.items])])

    def piece(self, index: int, start: int, count: int) -> np.ndarray:
        """Cuts the input of a piece. Shape: (count,) int64 codes, or (count, D) float32 latents."""
        if self.latents is None:
            return self.codes(index, start, count)
        first = int(self._offsets[index]) + start
        return self.latents[first : first + count].astype(np.float32)

    def codes(self, index: int, start: int, count: int, *, revoiced: bool = False) -> np.ndarray:
        """Cuts codes of the recording, or of another voice in its timing. Shape: (count,) int64."""
        if revoiced and self.revoiced is not None:
            first = int(self._offsets[index]) + start
            return self.revoiced[first : first + count].astype(np.int64)
        return self.items[index].codes[start : start + count]


class DiffusionSampler:
    """Cuts aligned pieces of codes (or latents) and mel out of random utterances."""

    def __init__(self, corpus: Corpus, aligned: AlignedInput, config: DiffusionDataConfig) -> None:
        self.corpus = corpus
        self.aligned = aligned
        self.config = config
        items = aligned.items
        long_enough = [i for i, s in enumerate(items) if len(s.codes) >= config.codes]
        self._train, self._valid = split_held_out(long_enough, lambda i: items[i].item.text)
        self._by_voice: dict[str, list[CorpusItem]] = {}
        for i in self._train:
            self._by_voice.setdefault(items[i].item.voice, []).append(items[i].item)

    def batch(self, step: int) -> dict[str, Tensor]:
        """Cuts the batch of a step.

        Shape: codes (B, M), aligned (B, M) or (B, M, D), mel (B, mels, 4 M), voice_mel (B, mels, S).
        """
        random = np.random.default_rng(hash_seed(self.config.seed, step))
        as_codes = bool(random.random() < self.config.codes_share)
        return self._cut(random, self._train, as_codes=as_codes, revoiced_share=self.config.revoiced_share)

    def validations(self) -> dict[str, dict[str, Tensor]]:
        """Cuts the same held-out pieces each time; returns batches by the prefix of their figures' names.

        The batch without a prefix has the input of the recordings; "revoiced_" has codes of other readers, if any.
        """
        batches = {"": self._cut(np.random.default_rng(VALIDATION_SEED), self._valid)}
        if self.aligned.revoiced is not None:
            random = np.random.default_rng(VALIDATION_SEED)
            batches["revoiced_"] = self._cut(random, self._valid, as_codes=True, revoiced_share=1.0)
        return batches

    def _cut(
        self, random: np.random.Generator, usable: list[int], *, as_codes: bool = False, revoiced_share: float = 0.0
    ) -> dict[str, Tensor]:
        codes = self.config.codes
        frames = self.config.conditioning_frames
        rows = []
        aligned = []
        mels = []
        voices = []
        for index in random.choice(usable, size=self.config.batch):
            item = self.aligned.items[index].item
            start = int(random.integers(len(self.aligned.items[index].codes) - codes + 1))
            revoiced = as_codes and bool(random.random() < revoiced_share)
            rows.append(self.aligned.codes(index, start, codes, revoiced=revoiced))
            aligned.append(rows[-1] if as_codes else self.aligned.piece(index, start, codes))
            first = start * FRAMES_PER_CODE
            mels.append(self.corpus.mel(item)[first : first + codes * FRAMES_PER_CODE].T)
            other = self._by_voice[item.voice][int(random.integers(len(self._by_voice[item.voice])))]
            cut = int(random.integers(max(1, other.frames - frames + 1)))
            clip = self.corpus.mel(other)[cut : cut + frames].T
            voices.append(np.pad(clip, ((0, 0), (0, frames - clip.shape[1])), mode="wrap"))
        return {
            "codes": torch.from_numpy(np.stack(rows)),
            "aligned": torch.from_numpy(np.stack(aligned)),
            "mel": torch.from_numpy(np.stack(mels)),
            "voice_mel": torch.from_numpy(np.stack(voices)),
        }
