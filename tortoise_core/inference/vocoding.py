"""Owns the way from log-mels to waveforms with any of the vocoders, in windows: memory does not grow with length.

Windows overlap by what the vocoder's convolutions reach, and the first and the last window end where the utterance
does; so what they keep is what the vocoder says of the whole. Knows nothing of codes or of diffusion.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tortoise_core.errors import ConfigError
from tortoise_core.models.frame_vocoder import FrameVocoder
from tortoise_core.models.univnet import SILENCE, SILENT_FRAMES, UnivNet
from tortoise_core.nn.weight_norm import fold_weight_norm

WINDOW = 384  # frames that a vocoder hears at once; the published one takes about half a megabyte for each
BATCH_FRAMES = 1536  # frames in windows of equal width that it hears side by side


@dataclass(frozen=True)
class Window:
    """Frames `start` to `stop` are heard, `first` to `last` are kept."""

    start: int
    stop: int
    first: int
    last: int


def windows(frames: int, width: int, context: int) -> list[Window]:
    """Covers `frames` with as few windows of at most `width` as will do, all of one width and no wider than that needs.

    What they keep lies end to end. Raises `ConfigError` where nothing would be left between the contexts.
    """
    if width <= 2 * context:
        raise ConfigError(f"windows of {width} frames leave nothing between {context} frames of context on each side")
    if frames > width:
        needed = math.ceil((frames - 2 * context) / (width - 2 * context))
        width = math.ceil((frames - 2 * context) / needed) + 2 * context
    starts = [0]
    while starts[-1] + width < frames:
        starts.append(min(starts[-1] + width - 2 * context, frames - width))
    kept = [0, *(start + context for start in starts[1:]), frames]
    return [
        Window(start, min(start + width, frames), first, last)
        for start, first, last in zip(starts, kept, kept[1:], strict=False)
    ]


@dataclass(frozen=True, eq=False)
class _Utterance:
    mel: Tensor  # (bands, L) and the silence behind it, where the vocoder wants some
    noise: Tensor | None  # as long
    frames: int  # to be kept


class Vocoding:
    """Mels to waveforms with one vocoder, its weight norm folded."""

    def __init__(self, network: nn.Module, window: int = WINDOW) -> None:
        if not isinstance(network, UnivNet | FrameVocoder):
            raise ConfigError(f"a {type(network).__name__} is no vocoder: use a univnet or a frame_vocoder")
        fold_weight_norm(network)
        self._network, self._window = network, window

    def speak(self, mels: Sequence[Tensor], generators: Sequence[torch.Generator]) -> list[Tensor]:
        """Waveforms of log-mels (bands, L), each (L * hop,) in [-1, 1]; a generator gives a row's noise, if any."""
        utterances = [self._utterance(mel, generator) for mel, generator in zip(mels, generators, strict=True)]
        hop = self._network.config.hop
        waves = [mel.new_empty(mel.shape[1] * hop) for mel in mels]
        jobs = [(row, window) for row, u in enumerate(utterances) for window in self._windows(u)]
        for batch in _equal_widths(jobs):
            said = self._say([(utterances[row], window) for row, window in batch])
            for (row, window), samples in zip(batch, said, strict=True):
                kept = self._kept(samples, window, utterances[row].frames)
                waves[row][window.first * hop : window.first * hop + len(kept)] = kept
        return waves

    def stream(self, mel: Tensor, generator: torch.Generator) -> Iterator[Tensor]:
        """The same waveform of one mel in pieces, in order, each as soon as it is made."""
        utterance = self._utterance(mel, generator)
        for window in self._windows(utterance):
            kept = self._kept(self._say([(utterance, window)])[0], window, utterance.frames)
            if len(kept):
                yield kept

    def _kept(self, samples: Tensor, window: Window, frames: int) -> Tensor:
        """What a window contributes to an utterance of so many frames: no silence behind its end."""
        hop = self._network.config.hop
        return samples[(window.first - window.start) * hop : (min(window.last, frames) - window.start) * hop]

    def _utterance(self, mel: Tensor, generator: torch.Generator) -> _Utterance:
        if isinstance(self._network, FrameVocoder):
            return _Utterance(mel, None, mel.shape[1])
        padded = F.pad(mel, (0, SILENT_FRAMES), value=SILENCE)
        shape = (1, self._network.config.noise_channels, padded.shape[1])
        return _Utterance(padded, torch.randn(shape, generator=generator)[0].to(mel), mel.shape[1])

    def _windows(self, utterance: _Utterance) -> list[Window]:
        return windows(utterance.mel.shape[1], self._window, self._network.config.context)

    def _say(self, batch: Sequence[tuple[_Utterance, Window]]) -> Tensor:
        """What the network says of windows of equal width. Shape: (B, width * hop)."""
        mel = torch.stack([u.mel[:, w.start : w.stop] for u, w in batch])
        if isinstance(self._network, FrameVocoder):
            heard: Tensor = self._network(mel)
            return heard.clamp(-1, 1)
        noise = torch.stack([u.noise[:, w.start : w.stop] for u, w in batch if u.noise is not None])
        wave: Tensor = self._network(mel, noise)[:, 0]
        return wave.clamp(-1, 1)


def _equal_widths(jobs: Sequence[tuple[int, Window]]) -> Iterator[list[tuple[int, Window]]]:
    """Batches of jobs of equal width, each within `BATCH_FRAMES`."""
    by_width: dict[int, list[tuple[int, Window]]] = {}
    for row, window in jobs:
        by_width.setdefault(window.stop - window.start, []).append((row, window))
    for width, alike in by_width.items():
        size = max(1, BATCH_FRAMES // width)
        for start in range(0, len(alike), size):
            yield alike[start : start + size]
