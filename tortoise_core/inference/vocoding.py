"""Runs a vocoder over log-mels in windows, so that memory does not grow with an utterance's length.

Windows overlap by the reach of the vocoder's convolutions, and the first and the last window end where the utterance
does; so what is kept of them is the same as the vocoder's output for the whole utterance. Knows nothing of codes or of
diffusion.
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

WINDOW = 384  # most frames of a window; the published vocoder takes about half a megabyte for each
BATCH_FRAMES = 1536  # most frames in a batch of windows of equal width


@dataclass(frozen=True)
class Window:
    """The vocoder gets frames `start` to `stop`; the audio of frames `first` to `last` is kept."""

    start: int
    stop: int
    first: int
    last: int


def windows(frames: int, width: int, context: int) -> list[Window]:
    """Covers `frames` with the fewest windows of at most `width` frames, all equally wide and as narrow as possible.

    The kept frames lie end to end. Raises `ConfigError` where the contexts leave nothing to keep.
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
    mel: Tensor  # (bands, L), with the silence after it that UnivNet wants
    noise: Tensor | None  # (channels, L) as long as `mel`; None for a vocoder without noise
    frames: int  # of `mel` without that silence


class WindowedVocoder:
    """Turns mels into waveforms with one vocoder, whose weight norm it folds."""

    def __init__(self, network: nn.Module, window: int = WINDOW) -> None:
        if not isinstance(network, UnivNet | FrameVocoder):
            raise ConfigError(f"a {type(network).__name__} is no vocoder: use a univnet or a frame_vocoder")
        fold_weight_norm(network)
        self._network = network
        self._window = window

    def vocode(self, mels: Sequence[Tensor], generators: Sequence[torch.Generator]) -> list[Tensor]:
        """Turns log-mels (bands, L) into waveforms, (L * hop,) each, in [-1, 1].

        A generator gives its utterance's noise, where the vocoder uses any.
        """
        utterances = [self._utterance(mel, generator) for mel, generator in zip(mels, generators, strict=True)]
        hop = self._network.config.hop
        waves = [mel.new_empty(mel.shape[1] * hop) for mel in mels]
        jobs = [(row, window) for row, u in enumerate(utterances) for window in self._windows(u)]
        for batch in _equal_widths(jobs):
            outputs = self._run([(utterances[row], window) for row, window in batch])
            for (row, window), samples in zip(batch, outputs, strict=True):
                kept = self._kept(samples, window, utterances[row].frames)
                waves[row][window.first * hop : window.first * hop + len(kept)] = kept
        return waves

    def stream(self, mel: Tensor, generator: torch.Generator) -> Iterator[Tensor]:
        """Yields the same waveform of one mel, window by window: (samples,) each."""
        utterance = self._utterance(mel, generator)
        for window in self._windows(utterance):
            kept = self._kept(self._run([(utterance, window)])[0], window, utterance.frames)
            if len(kept):
                yield kept

    def _kept(self, samples: Tensor, window: Window, frames: int) -> Tensor:
        """The samples of a window that belong to an utterance of so many frames, without the silence after it."""
        hop = self._network.config.hop
        return samples[(window.first - window.start) * hop : (min(window.last, frames) - window.start) * hop]

    def _utterance(self, mel: Tensor, generator: torch.Generator) -> _Utterance:
        """What the network takes in for a mel (bands, L)."""
        if isinstance(self._network, FrameVocoder):
            return _Utterance(mel, None, mel.shape[1])
        padded = F.pad(mel, (0, SILENT_FRAMES), value=SILENCE)
        shape = (1, self._network.config.noise_channels, padded.shape[1])
        return _Utterance(padded, torch.randn(shape, generator=generator)[0].to(mel), mel.shape[1])

    def _windows(self, utterance: _Utterance) -> list[Window]:
        return windows(utterance.mel.shape[1], self._window, self._network.config.context)

    def _run(self, batch: Sequence[tuple[_Utterance, Window]]) -> Tensor:
        """Runs the network on windows of equal width. Shape: (B, width * hop)."""
        mel = torch.stack([u.mel[:, w.start : w.stop] for u, w in batch])
        if isinstance(self._network, FrameVocoder):
            without_noise: Tensor = self._network(mel)
            return without_noise.clamp(-1, 1)
        noise = torch.stack([u.noise[:, w.start : w.stop] for u, w in batch if u.noise is not None])
        wave: Tensor = self._network(mel, noise)[:, 0]
        return wave.clamp(-1, 1)


def _equal_widths(jobs: Sequence[tuple[int, Window]]) -> Iterator[list[tuple[int, Window]]]:
    """Yields batches of windows of equal width, each within `BATCH_FRAMES`; a job is (utterance number, window)."""
    by_width: dict[int, list[tuple[int, Window]]] = {}
    for row, window in jobs:
        by_width.setdefault(window.stop - window.start, []).append((row, window))
    for width, alike in by_width.items():
        size = max(1, BATCH_FRAMES // width)
        for start in range(0, len(alike), size):
            yield alike[start : start + size]
