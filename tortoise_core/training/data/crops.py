"""Random pieces of utterances, mel and waveform aligned, for the dVAE and the vocoder. Knows no network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor
from torchaudio.functional import resample

from tortoise_core.audio.constants import FRAMES_PER_CODE
from tortoise_core.audio.constants import HOP_SAMPLES as HOP
from tortoise_core.audio.mel import MelSpectrogram24k
from tortoise_core.corpus.corpus import Corpus, CorpusItem
from tortoise_core.corpus.sentences import is_held_out, split_held_out
from tortoise_core.corpus.teachers import PAUSE, PHONES, SAMPLE_RATE
from tortoise_core.training.loop import hash_seed

VALIDATION_SEED = 987_654_321  # of validation pieces: the same ones each time
# Played at new / old speed, pitch with it: about three semitones either way.
SPEEDS = ((6, 5), (8, 7), (11, 10), (17, 16), (16, 17), (10, 11), (7, 8), (5, 6))
MARGIN = 4  # frames of context on either side of a varied crop, so that its edge frames are those of the whole clip


@dataclass(frozen=True)
class CropConfig:
    """Random pieces of utterances of one fixed length, because the CPU compiles a kernel for every new shape."""

    batch: int = 64
    frames: int = 128
    seed: int = 0
    varied_share: float = 0.0  # of the pieces are played faster or slower: more voices than were recorded
    quieter_db: float = 0.0  # by how much a varied piece may be quieter


@dataclass(frozen=True, eq=False)
class DecodedMels:
    """Mels that the diffusion decoder makes of utterances, in time with the recordings: see `decoded_mels.py`."""

    items: Sequence[CorpusItem]
    frames: np.ndarray  # (sum of frames, mels) float16, utterance after utterance
    share: float  # of the pieces are cut from these

    @cached_property
    def _ends(self) -> np.ndarray:
        return np.cumsum([item.frames // FRAMES_PER_CODE * FRAMES_PER_CODE for item in self.items])

    def mel(self, number: int) -> np.ndarray:
        """Returns the log-mel frames of one of the items. Shape: (frames, mels), float32."""
        first = self._ends[number - 1] if number else 0
        return self.frames[first : self._ends[number]].astype(np.float32)


class CropSampler:
    """Cuts aligned pieces of mel and audio out of random utterances."""

    def __init__(self, corpus: Corpus, config: CropConfig, decoded: DecodedMels | None = None) -> None:
        self.corpus = corpus
        self.config = config
        self._decoded = decoded
        self._train, self._valid = split_held_out(corpus.items, lambda item: item.text)
        self._decoded_numbers = (
            [] if decoded is None else [n for n, item in enumerate(decoded.items) if not is_held_out(item.text)]
        )
        self._to_mel = MelSpectrogram24k()

    def batch(self, step: int) -> dict[str, Tensor]:
        """Cuts the batch of a step.

        Shape: mel (B, mels, S), wav (B, 256 S), phones (B, S / 2): indices into `PHONES`, -1 where unknown.
        """
        random = np.random.default_rng(hash_seed(self.config.seed, step))
        varied = random.random(self.config.batch) < self.config.varied_share
        return self._cut(random, self._train, varied)

    def validation(self) -> dict[str, Tensor]:
        """Cuts the same held-out pieces each time, as they were recorded."""
        own = CropSampler(self.corpus, self.config)
        return own._cut(np.random.default_rng(VALIDATION_SEED), self._valid, np.zeros(self.config.batch, dtype=bool))

    def _cut(self, random: np.random.Generator, items: list[CorpusItem], varied: np.ndarray) -> dict[str, Tensor]:
        pieces = []
        for index, vary in zip(random.integers(len(items), size=self.config.batch), varied, strict=True):
            if vary:
                pieces.append(self._varied(items[index], random))
            elif self._decoded is not None and random.random() < self._decoded.share:
                number = int(random.choice(self._decoded_numbers))
                pieces.append(self._plain(self._decoded.items[number], self._decoded.mel(number), random))
            else:
                pieces.append(self._plain(items[index], self.corpus.mel(items[index]), random))
        mels, wavs, phones = zip(*pieces, strict=True)
        return {"mel": torch.stack(mels), "wav": torch.stack(wavs), "phones": torch.stack(phones)}

    def _plain(self, item: CorpusItem, whole: np.ndarray, random: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Cuts a piece out of a mel (S, mels) of a recording, and the same piece out of its waveform and phones."""
        frames = self.config.frames
        start = int(random.integers(max(1, len(whole) - frames + 1)))
        mel = whole[start : start + frames].T
        wav = self.corpus.audio(item)[start * HOP : (start + frames) * HOP]
        mel = np.pad(mel, ((0, 0), (0, frames - mel.shape[1])), constant_values=np.log(1e-5))
        wav = np.pad(wav, (0, frames * HOP - len(wav)))
        phones = phones_at(item, (start * HOP + (np.arange(frames // 2) + 0.5) * 2 * HOP) / SAMPLE_RATE)
        return torch.from_numpy(mel), torch.from_numpy(wav), torch.from_numpy(phones)

    def _varied(self, item: CorpusItem, random: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
        new, old = SPEEDS[int(random.integers(len(SPEEDS)))]
        gain = 10 ** (-random.uniform(0, self.config.quieter_db) / 20)
        wanted = (self.config.frames + 2 * MARGIN) * HOP
        source = -(-wanted * new // old)
        wav = self.corpus.audio(item)
        start = int(random.integers(max(1, len(wav) - source + 1)))
        piece = wav[start : start + source]
        piece = np.pad(piece, (0, source - len(piece))).astype(np.float32) * np.float32(gain)
        played = resample(torch.from_numpy(piece)[None], new, old)[:, :wanted]
        mel = self._to_mel(played)[0, :, MARGIN : MARGIN + self.config.frames]
        unknown = torch.full((self.config.frames // 2,), -1)
        return mel, played[0, MARGIN * HOP : (MARGIN + self.config.frames) * HOP], unknown


def phones_at(item: CorpusItem, times_s: np.ndarray) -> np.ndarray:
    """Looks up which phones sound at some times of an utterance: indices into `PHONES`, (n,) int64; -1: unknown."""
    if not item.phones:
        return np.full(len(times_s), -1)
    ids = np.array([PHONES.index(phone.name) if phone.name in PHONES else -1 for phone in item.phones])
    at = np.searchsorted([phone.end_s for phone in item.phones], times_s)
    return np.append(ids, PHONES.index(PAUSE))[at]  # behind the last phone there is silence
