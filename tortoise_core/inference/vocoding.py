"""Runs a vocoder over log-mels in windows, so that memory does not grow with an utterance's length.

Windows overlap by the reach of the vocoder's convolutions, and the first and the last window end where the utterance
does; so what is kept of them is the same as the vocoder's output for the whole utterance. Knows nothing of codes or of
diffusion.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from tortoise_core.errors import ConfigError
from tortoise_core.models.frame_vocoder import FrameVocoder
from tortoise_core.models.univnet import SILENCE, SILENT_FRAMES, UnivNet
from tortoise_core.nn.upload import upload
from tortoise_core.nn.weight_norm import fold_weight_norm

WINDOW = 384  # most frames of a window; the published vocoder takes about half a megabyte for each
FIXED_WIDTHS = (384, 192, 96)  # of windows on a GPU: every new width costs it a search for the best kernels
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
    return _cover(frames, width, context)


def fixed_windows(frames: int, widths: Sequence[int], context: int) -> list[Window]:
    """Covers `frames` with windows of one of these widths: the largest that fits, so that nothing is padded.

    The kept frames lie end to end. What is shorter than all of them gets a window of its own width.
    """
    fitting = [width for width in widths if 2 * context < width <= frames]
    return _cover(frames, max(fitting, default=frames), context)


def _cover(frames: int, width: int, context: int) -> list[Window]:
    """Covers `frames` with windows of one width, the last one ending where they end."""
    starts = [0]
    while starts[-1] + width < frames:
        starts.append(min(starts[-1] + width - 2 * context, frames - width))
    kept = [0, *(start + context for start in starts[1:]), frames]
    return [
        Window(start, min(start + width, frames), first, last)
        for start, first, last in zip(starts, kept, kept[1:], strict=False)
    ]


@dataclass(frozen=True, eq=False)
class _Track:
    """Some utterances end to end, as the network takes them in: with the silence after each that UnivNet wants."""

    mel: Tensor  # (bands, all frames)
    noise: Tensor | None  # (channels, all frames); None for a vocoder without noise
    starts: Sequence[int]  # of the utterances
    lengths: Sequence[int]  # of the utterances with that silence
    spoken: Sequence[int]  # and without


class WindowedVocoder:
    """Turns mels into waveforms with one vocoder, whose weight norm it folds.

    On a GPU windows have few fixed widths; a CPU, which computes as many frames in the same time whatever the width,
    gets the fewest frames.
    """

    def __init__(
        self,
        network: nn.Module,
        window: int = WINDOW,
        batch_frames: int = BATCH_FRAMES,
        widths: Sequence[int] | None = None,
    ) -> None:
        """Takes over a network.

        Args:
            network: a `UnivNet` or a `FrameVocoder`.
            window: most frames of a window.
            batch_frames: most frames of a batch; see `memory.py`.
            widths: of windows, in place of `window`; None for `FIXED_WIDTHS` on a GPU.
        """
        if not isinstance(network, UnivNet | FrameVocoder):
            raise ConfigError(f"a {type(network).__name__} is no vocoder: use a univnet or a frame_vocoder")
        fold_weight_norm(network)
        self._network = network
        self._window = window
        self.batch_frames = batch_frames
        self._device = next(network.parameters()).device
        self._widths = FIXED_WIDTHS if widths is None and self._device.type == "cuda" else widths

    def vocode(self, mels: Sequence[Tensor], generators: Sequence[torch.Generator]) -> list[Tensor]:
        """Turns log-mels (bands, L) into waveforms, (L * hop,) each, in [-1, 1], on the CPU.

        A generator gives its utterance's noise, where the vocoder uses any.
        """
        track = self._track(mels, generators)
        hop = self._network.config.hop
        waves = [torch.empty(frames * hop) for frames in track.spoken]
        jobs = [(row, window) for row, length in enumerate(track.lengths) for window in self._windows(length)]
        for batch in _equal_widths(jobs, self.batch_frames):
            outputs = self._run(track, batch).cpu()
            for (row, window), samples in zip(batch, outputs, strict=True):
                kept = self._kept(samples, window, track.spoken[row])
                waves[row][window.first * hop : window.first * hop + len(kept)] = kept
        return waves

    def stream(self, mel: Tensor, generator: torch.Generator) -> Iterator[Tensor]:
        """Yields the same waveform of one mel, window by window: (samples,) each."""
        track = self._track([mel], [generator])
        for window in self._windows(track.lengths[0]):
            kept = self._kept(self._run(track, [(0, window)])[0], window, track.spoken[0])
            if len(kept):
                yield kept.cpu()

    def _kept(self, samples: Tensor, window: Window, frames: int) -> Tensor:
        """The samples of a window that belong to an utterance of so many frames, without the silence after it."""
        hop = self._network.config.hop
        return samples[(window.first - window.start) * hop : (min(window.last, frames) - window.start) * hop]

    def _track(self, mels: Sequence[Tensor], generators: Sequence[torch.Generator]) -> _Track:
        """What the network takes in for mels (bands, L)."""
        spoken = [mel.shape[1] for mel in mels]
        if isinstance(self._network, FrameVocoder):
            return _Track(torch.cat(list(mels), dim=1), None, _starts(spoken), spoken, spoken)
        lengths = [frames + SILENT_FRAMES for frames in spoken]
        silence = mels[0].new_full((len(mels[0]), SILENT_FRAMES), SILENCE)
        mel = torch.cat([part for own in mels for part in (own, silence)], dim=1)
        channels = self._network.config.noise_channels
        draws = [torch.randn(1, channels, n, generator=g)[0] for n, g in zip(lengths, generators, strict=True)]
        return _Track(mel, upload(torch.cat(draws, dim=1), mel.device).to(mel), _starts(lengths), lengths, spoken)

    def _windows(self, frames: int) -> list[Window]:
        context = self._network.config.context
        if self._widths is None:
            return windows(frames, self._window, context)
        return fixed_windows(frames, self._widths, context)

    def _run(self, track: _Track, batch: Sequence[tuple[int, Window]]) -> Tensor:
        """Runs the network on windows of equal width; each is (utterance number, window). Shape: (B, width * hop)."""
        starts = torch.tensor([track.starts[row] + window.start for row, window in batch])
        width = batch[0][1].stop - batch[0][1].start
        frames = upload((starts[:, None] + torch.arange(width)).flatten(), track.mel.device)
        mel = _gathered(track.mel, frames, width)
        if isinstance(self._network, FrameVocoder):
            without_noise: Tensor = self._network(mel)
            return without_noise.clamp(-1, 1)
        assert track.noise is not None  # `_track` drew it
        wave: Tensor = self._network(mel, _gathered(track.noise, frames, width))[:, 0]
        return wave.clamp(-1, 1)


def _gathered(track: Tensor, frames: Tensor, width: int) -> Tensor:
    """Collects frames (B * width,) of a track (C, all frames). Shape: (B, C, width)."""
    return track.index_select(1, frames).unflatten(1, (-1, width)).transpose(0, 1).contiguous()


def _starts(lengths: Sequence[int]) -> list[int]:
    """Where parts of these lengths begin when they lie end to end."""
    return [0, *itertools.accumulate(lengths)][:-1]


def _equal_widths(jobs: Sequence[tuple[int, Window]], most: int) -> Iterator[list[tuple[int, Window]]]:
    """Yields batches of windows of equal width, within `most` frames each; a job is (utterance number, window)."""
    by_width: dict[int, list[tuple[int, Window]]] = {}
    for row, window in jobs:
        by_width.setdefault(window.stop - window.start, []).append((row, window))
    for width, alike in by_width.items():
        size = max(1, most // width)
        for start in range(0, len(alike), size):
            yield alike[start : start + size]
