"""Finds when each word of a text is spoken in a recording, by the dVAE and the CTC scorer ("speller") of one model.

Any recording will do: its speech codes are made anew. The times are where the scorer first hears a word, which is
within a few hundredths of a second; what the loudness says besides is for others to add. Knows nothing of books.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby, pairwise
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torchaudio.functional import forced_align

from tortoise_core.audio.constants import OUTPUT_RATE_HZ, SAMPLES_PER_CODE
from tortoise_core.audio.mel import MelSpectrogram24k
from tortoise_core.checkpoints.manifest import ModelManifest, read_manifest
from tortoise_core.errors import AudioError, ConfigError
from tortoise_core.inference.features import whole_mel
from tortoise_core.models.code_speller import CodeSpeller
from tortoise_core.models.dvae import DiscreteVAE
from tortoise_core.text.phonemes import VOCABULARY, PhonemeTokenizer, SpokenItem

_SPELLER = "speller"
_DVAE = "dvae"


@dataclass(frozen=True)
class HeardWord:
    """A word of a text and when it is heard. Times are in seconds from the recording's start.

    `first_s` and `last_s` are where its first and its last phone are heard, `probability` is the mean of its phones'.
    """

    start: int  # characters of the text
    end: int
    first_s: float
    last_s: float
    phones: int
    probability: float


class WordAligner:
    """The networks that hear words: of a model whose codes are at 24 kHz and whose text is phones.

    Raises `ConfigError` for a model without them, `CheckpointError` for a damaged one.
    """

    sample_rate = OUTPUT_RATE_HZ

    def __init__(self, manifest: ModelManifest, device: torch.device | str = "cpu") -> None:
        if not {_SPELLER, _DVAE} <= manifest.networks.keys():
            raise ConfigError(
                f"model {manifest.name} has no network that hears words (a {_SPELLER} and a {_DVAE}): "
                "use tortoise_mini for word times"
            )
        dvae = manifest.load(_DVAE, device)
        speller = manifest.load(_SPELLER, device)
        if not isinstance(dvae, DiscreteVAE) or not isinstance(speller, CodeSpeller):
            raise ConfigError(f"model {manifest.name} has networks of the wrong kind for their roles: import it again")
        self._dvae = dvae
        self._speller = speller
        self._device = torch.device(device)
        self._mel = MelSpectrogram24k().to(self._device)
        self._tokenizer = PhonemeTokenizer()
        self._silent = frozenset(int(index) for index in speller.silent)
        self.step_s = SAMPLES_PER_CODE / OUTPUT_RATE_HZ / speller.config.per_code

    @torch.inference_mode()
    def align(self, audio: np.ndarray, text: str) -> list[HeardWord] | None:
        """Finds the words of a text in a recording, in order; None where the recording is too short for the text.

        Args:
            audio: mono at `sample_rate`, float32 (samples,).
            text: as it is spoken; phonemes inside of it (`notation.py`) are words too.

        Raises `AudioError` for a recording that is empty or not finite.
        """
        if not len(audio) or not np.isfinite(audio).all():
            raise AudioError("the recording is empty or holds samples that are no numbers: make it again")
        items = [item for item in self._tokenizer.items(text) if item.is_word]
        heard = [[VOCABULARY.index(symbol) for symbol in item.symbols] for item in items]
        ids = [index for word in heard for index in word if index not in self._silent]
        if not ids:
            return []
        predicted = self._predicted(torch.from_numpy(np.ascontiguousarray(audio, np.float32)))
        repeated = sum(first == second for first, second in pairwise(ids))
        if predicted.shape[1] < len(ids) + repeated:  # CTC parts equal neighbours by a blank
            return None
        targets = torch.tensor([ids], dtype=torch.int32, device=self._device)
        path, scores = forced_align(predicted, targets, blank=self._speller.config.text_tokens)
        return _words(items, heard, self._silent, _spikes(path[0], scores[0], self._speller.config.text_tokens), self)

    def _predicted(self, audio: Tensor) -> Tensor:
        """Computes the log-probabilities of phones. Shape: (samples,) to (1, steps, tokens + 1)."""
        mel = whole_mel(audio[None].to(self._device), self._mel)
        codes = self._dvae.encode(mel)
        lengths = torch.tensor([codes.shape[1]], device=self._device)
        return self._speller(codes, lengths)


@dataclass(frozen=True)
class _Spike:
    """Steps in which one phone is heard: the first, the last, and the mean log-probability."""

    first: int
    last: int
    score: float


def _spikes(path: Tensor, scores: Tensor, blank: int) -> list[_Spike]:
    """Collects the phones of an alignment. Shape: path and scores (steps,)."""
    spikes: list[_Spike] = []
    steps = zip(path.tolist(), scores.tolist(), strict=True)
    for token, group in groupby(enumerate(steps), key=lambda step: step[1][0]):
        if token != blank:
            own = list(group)
            mean = sum(score for _, (_, score) in own) / len(own)
            spikes.append(_Spike(own[0][0], own[-1][0], mean))
    return spikes


def _words(
    items: list[SpokenItem], heard: list[list[int]], silent: frozenset[int], spikes: list[_Spike], aligner: WordAligner
) -> list[HeardWord]:
    """Gives each word its phones' times. Words that share their characters ("45") become one."""
    words: list[HeardWord] = []
    at = 0
    for span, group in groupby(zip(items, heard, strict=True), key=lambda pair: (pair[0].start, pair[0].end)):
        count = sum(index not in silent for _, word in group for index in word)
        own = spikes[at : at + count]
        at += count
        if own:
            probability = float(np.mean([np.exp(spike.score) for spike in own]))
            first_s = own[0].first * aligner.step_s
            words.append(HeardWord(*span, first_s, (own[-1].last + 1) * aligner.step_s, count, probability))
    return words


def load_word_aligner(model: str | Path, device: str = "cpu") -> WordAligner:
    """Loads what hears words of a model folder. Raises as `WordAligner`."""
    return WordAligner(read_manifest(Path(model)), device)
