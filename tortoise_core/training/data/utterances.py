"""Batches of text, codes and voices for the AR model, CLVP and the diffusion decoder.

The frozen dVAE makes the codes once; they are kept beside the corpus. Batches come from buckets of similar length, each
padded to one fixed shape, because the CPU compiles a kernel for every new shape. Knows no network but the dVAE.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from tortoise_core.audio.constants import FRAMES_PER_CODE
from tortoise_core.corpus.alignment import align_codes
from tortoise_core.corpus.corpus import Corpus, CorpusItem
from tortoise_core.corpus.sentences import split_held_out
from tortoise_core.models.dvae import DiscreteVAE
from tortoise_core.text.phonemes import PAUSES, SPACE, START, STOP, PhonemeTokenizer
from tortoise_core.training.loop import hash_seed

NOT_PHONES = {STOP, START, SPACE, *PAUSES}


@dataclass(frozen=True, eq=False)
class TrainingItem:
    """One utterance ready for training. Shape: tokens (T,), codes (M,), alignment (M,) into the tokens; all int64."""

    item: CorpusItem
    tokens: np.ndarray
    codes: np.ndarray
    alignment: np.ndarray


def prepare_items(corpus: Corpus, dvae: DiscreteVAE, cache: Path) -> list[TrainingItem]:
    """Prepares all utterances for training, without those whose teacher speaks other phones than our front-end.

    The codes are kept in the file `cache`, which does not know which dVAE made them: use one file per dVAE.
    """
    codes = _cached_codes(corpus, dvae, cache)
    tokenizer = PhonemeTokenizer()
    prepared = []
    for item, row in zip(corpus.items, codes, strict=False):
        tokens = tokenizer.encode(item.text)
        symbols = tokenizer.decode(tokens)
        alignment = align_codes(symbols, [s not in NOT_PHONES for s in symbols], item.phones, len(row))
        if alignment is not None:
            prepared.append(TrainingItem(item, np.array(tokens), row, alignment))
    return prepared


def _cached_codes(corpus: Corpus, dvae: DiscreteVAE, cache: Path) -> list[np.ndarray]:
    """Encodes the utterances that the file `cache` does not have yet; returns the codes of all. Shape of each: (M,)."""
    lengths = [item.frames // FRAMES_PER_CODE for item in corpus.items]
    known = np.load(cache) if cache.exists() else np.empty(0, dtype=np.int16)
    ends = np.cumsum(lengths)
    done = int(np.searchsorted(ends, len(known), side="right"))
    rows = np.split(known.astype(np.int64), ends)[:done]
    for item, length in zip(corpus.items[done:], lengths[done:], strict=True):
        mel = torch.from_numpy(corpus.mel(item)[: length * FRAMES_PER_CODE].T)[None]
        rows.append(dvae.encode(mel)[0].numpy())
    temporary = cache.with_suffix(".tmp.npy")
    np.save(temporary, np.concatenate(rows).astype(np.int16))
    temporary.replace(cache)
    return rows


@dataclass(frozen=True)
class BucketConfig:
    """Buckets of utterances by number of codes; each batch holds about `positions` text and code positions."""

    code_limits: tuple[int, ...] = (40, 64, 88, 112, 144, 184, 240)
    positions: int = 2_600
    conditioning_frames: int = 192
    short_first_steps: int = 0  # until then only buckets of at most 88 codes
    seed: int = 0


class BucketSampler:
    """Draws the batch of a step: first a bucket, as often as it has utterances, then utterances of that bucket."""

    def __init__(self, items: Sequence[TrainingItem], corpus: Corpus, config: BucketConfig) -> None:
        self.corpus = corpus
        self.config = config
        train, self._valid = split_held_out(items, lambda spoken: spoken.item.text)
        self._by_voice: dict[str, list[CorpusItem]] = {}
        for spoken in train:
            self._by_voice.setdefault(spoken.item.voice, []).append(spoken.item)
        self._buckets: list[list[TrainingItem]] = []
        low = 0
        for limit in config.code_limits:
            self._buckets.append([s for s in train if low < len(s.codes) <= limit])
            low = limit
        self._text_limits = [max((len(s.tokens) for s in bucket), default=0) for bucket in self._buckets]

    def rows(self, bucket: int) -> int:
        """Returns how many utterances a batch of a bucket has."""
        return max(2, self.config.positions // (self._text_limits[bucket] + self.config.code_limits[bucket]))

    def batch(self, step: int) -> dict[str, Tensor]:
        """Draws the batch of a step.

        Shape: text (B, T), codes and alignment (B, M), text_length and code_length (B,), voice_mel (B, mels, S).
        """
        random = np.random.default_rng(hash_seed(self.config.seed, step))
        usable = [b for b, items in enumerate(self._buckets) if len(items) >= self.rows(b)]
        if step < self.config.short_first_steps:
            usable = [b for b in usable if self.config.code_limits[b] <= 88] or usable
        weight = np.array([len(self._buckets[b]) / self.rows(b) for b in usable])
        bucket = int(random.choice(usable, p=weight / weight.sum()))
        count = self.rows(bucket)
        picked = random.choice(len(self._buckets[bucket]), size=count, replace=False)
        return self._collate([self._buckets[bucket][i] for i in picked], bucket, random)

    def validation(self) -> list[dict[str, Tensor]]:
        """Makes the same few batches of held-out utterances each time."""
        random = np.random.default_rng(hash_seed(self.config.seed, -1))
        batches = []
        low = 0
        for bucket, limit in enumerate(self.config.code_limits):
            items = [
                s for s in self._valid if low < len(s.codes) <= limit and len(s.tokens) <= self._text_limits[bucket]
            ]
            low = limit
            if items:
                batches.append(self._collate(items[:16], bucket, random))
        return batches

    def _collate(self, rows: list[TrainingItem], bucket: int, random: np.random.Generator) -> dict[str, Tensor]:
        text_limit = self._text_limits[bucket]
        code_limit = self.config.code_limits[bucket]
        frames = self.config.conditioning_frames
        return {
            "text": _padded([s.tokens for s in rows], text_limit),
            "text_length": torch.tensor([len(s.tokens) for s in rows]),
            "codes": _padded([s.codes for s in rows], code_limit),
            "code_length": torch.tensor([len(s.codes) for s in rows]),
            "alignment": _padded([s.alignment for s in rows], code_limit),
            "voice_mel": torch.from_numpy(np.stack([self._voice_clip(s.item, frames, random) for s in rows])),
        }

    def _voice_clip(self, item: CorpusItem, frames: int, random: np.random.Generator) -> np.ndarray:
        """Cuts a piece of *another* utterance of the same voice: the model could copy from its own (spec 7.1)."""
        others = self._by_voice[item.voice]
        number = int(random.integers(len(others)))
        other = others[number] if others[number] is not item else others[number - 1]
        start = int(random.integers(max(1, other.frames - frames + 1)))
        mel = self.corpus.mel(other)[start : start + frames].T
        return np.pad(mel, ((0, 0), (0, frames - mel.shape[1])), mode="wrap")


def _padded(rows: list[np.ndarray], width: int) -> Tensor:
    out = np.zeros((len(rows), width), dtype=np.int64)
    for index, row in enumerate(rows):
        out[index, : len(row)] = row
    return torch.from_numpy(out)
