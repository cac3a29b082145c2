"""Encodes masters with ffmpeg. It must not know which output wants the audio, nor tags or chapters."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from storage.artifacts import ArtifactStore
from storage.records import Master
from tasks.errors import TalepressError
from tasks.master.dynamics import amplify, limit
from tasks.package.audio.ffmpeg import run_ffmpeg

BLOCK_SAMPLES = 1 << 16
BITEXACT = ("-fflags", "+bitexact", "-flags:a", "+bitexact")  # no dates or versions: same input, same file


@dataclass(frozen=True)
class Stretch:
    """The samples `[start, stop)` of a master. Beyond the ends of its room, more of the room tone that is there."""

    master: Master
    start: int
    stop: int
    gain_db: float = 0.0
    ceiling_dbtp: float = 0.0  # the highest true peak after the gain
    room: tuple[int, int] | None = None  # samples that may be heard, from pause to pause; None: all of the master

    @property
    def samples(self) -> int:
        """Its length."""
        return self.stop - self.start


@dataclass(frozen=True)
class Target:
    """A file to write, and how it is encoded."""

    path: Path  # one that is there is overwritten
    codec: tuple[str, ...]  # ffmpeg's arguments: `-c:a aac -b:a 96k`
    container: str  # ffmpeg's name of the file format: `ipod`


def encode(targets: Sequence[Target], store: ArtifactStore, stretches: Iterable[Stretch], *, ffmpeg: str) -> None:
    """Encodes stretches as one piece of audio, into several files at once: the masters are decoded once for all.

    It streams through a pipe: memory does not grow with the book.

    Args:
        targets: what to write.
        store: holds the masters' audio.
        stretches: in order, at least one, all of one sample rate. May be an iterator that waits for masters to be made.
        ffmpeg: which one, see `ffmpeg_path`.

    Raises:
        OutputError: the disk is full.
        TalepressError: ffmpeg failed, or a master is not what its record says.
        Exception: what the iterator raises.
    """
    waiting = iter(stretches)
    first = next(waiting)
    run_ffmpeg(
        [
            *("-f", "f32le", "-ar", str(first.master.sample_rate), "-ac", "1", "-i", "pipe:0"),
            *(argument for target in targets for argument in _writing(target)),
        ],
        itertools.chain.from_iterable(sound(store, stretch) for stretch in itertools.chain([first], waiting)),
        chosen=ffmpeg,
    )


def _writing(target: Target) -> tuple[str, ...]:
    """Returns ffmpeg's arguments for one file."""
    return ("-map", "0:a", *target.codec, *BITEXACT, "-f", target.container, f"file:{target.path}")


def sound(store: ArtifactStore, stretch: Stretch) -> Iterator[np.ndarray]:
    """Yields a stretch's samples with its gain, as blocks of shape (samples,). Peaks above the ceiling are limited.

    Raises `TalepressError` for a master that is not what its record says.
    """
    master = stretch.master
    louder = amplify(_cut(store, stretch), stretch.gain_db) if stretch.gain_db else _cut(store, stretch)
    if stretch.gain_db > 0 and master.true_peak_dbtp + stretch.gain_db > stretch.ceiling_dbtp:
        return limit(louder, stretch.ceiling_dbtp, master.sample_rate)
    return louder


def wrong_length(master: Master, samples: int) -> str:
    """Writes the message for a master whose audio has another number of samples than its record says."""
    return (
        f"the master of chapter {master.title!r} has {samples} samples instead of {master.samples}: "
        "run the same command again"
    )


def _cut(store: ArtifactStore, stretch: Stretch) -> Iterator[np.ndarray]:
    """Yields the stretch as float32 blocks, as loud as the master."""
    master = stretch.master
    store.verify(master.audio_sha256)  # FLAC's own sums leave out its head, and the run looked hours ago
    with store.open(master.audio_sha256) as opened, soundfile.SoundFile(opened) as file:
        if file.frames != master.samples:
            raise TalepressError(wrong_length(master, file.frames))
        low, high = stretch.room or (0, master.samples)
        spoken = [one for one in master.placed if low <= one.start_sample and one.end_sample <= high]
        head = spoken[0].start_sample - low if spoken else 0
        tail = high - spoken[-1].end_sample if spoken else 0
        if stretch.start < low:
            file.seek(low)
            yield _tone(file.read(head, dtype="float32")[::-1], low - stretch.start)[::-1]
        file.seek(max(stretch.start, low))
        left = min(stretch.stop, high) - max(stretch.start, low)
        while left > 0:
            block = file.read(min(BLOCK_SAMPLES, left), dtype="float32")
            if not len(block):
                raise TalepressError(wrong_length(master, master.samples - left))
            left -= len(block)
            yield block
        if stretch.stop > high:
            file.seek(high - tail)
            yield _tone(file.read(tail, dtype="float32"), stretch.stop - high)


def _tone(tone: np.ndarray, samples: int) -> np.ndarray:
    """Goes on where a stretch of room tone ends, back and forth through it. Shape: (samples,); zeros without a tone."""
    if not len(tone):
        return np.zeros(samples, dtype=np.float32)
    there_and_back = np.concatenate([tone[::-1], tone])
    return np.resize(there_and_back, samples)
