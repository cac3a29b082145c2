"""Encodes masters with ffmpeg. It must not know which output wants the audio, nor tags or chapters."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import soundfile

from storage.artifacts import ArtifactStore
from storage.records import Master
from tasks.errors import TalepressError
from tasks.package.audio.ffmpeg import run_ffmpeg

BLOCK_SAMPLES = 1 << 16
BITEXACT = ("-fflags", "+bitexact", "-flags:a", "+bitexact")  # no dates or versions: same input, same file


def encode_masters(
    path: Path, store: ArtifactStore, masters: Iterable[Master], codec: Sequence[str], *, container: str, ffmpeg: str
) -> None:
    """Encodes chapters as one stretch of audio. It streams through a pipe: memory does not grow with the book.

    Args:
        path: the file to write; one that is there is overwritten.
        store: holds the masters' audio.
        masters: the chapters in reading order, at least one, all of one sample rate. May be an iterator that waits for
            each to be made.
        codec: ffmpeg's arguments for the codec: `-c:a aac -b:a 96k`.
        container: ffmpeg's name of the file format: `ipod`.
        ffmpeg: which one, see `ffmpeg_path`.

    Raises:
        OutputError: the disk is full.
        TalepressError: ffmpeg failed, or a master is not what its record says.
        Exception: what the iterator raises.
    """
    waiting = iter(masters)
    first = next(waiting)
    run_ffmpeg(
        [
            *("-f", "f32le", "-ar", str(first.sample_rate), "-ac", "1", "-i", "pipe:0", "-map", "0:a"),
            *(*codec, *BITEXACT, "-f", container, f"file:{path}"),
        ],
        _pcm(store, itertools.chain([first], waiting)),
        chosen=ffmpeg,
    )


def _pcm(store: ArtifactStore, masters: Iterable[Master]) -> Iterator[np.ndarray]:
    """Yields all chapters' samples as float32 blocks, each of shape (samples,)."""
    for master in masters:
        samples = 0
        with store.open(master.audio_sha256) as opened, soundfile.SoundFile(opened) as file:
            for block in file.blocks(BLOCK_SAMPLES, dtype="float32"):
                samples += len(block)
                yield block
        if samples != master.samples:
            raise TalepressError(wrong_length(master, samples))


def wrong_length(master: Master, samples: int) -> str:
    """Writes the message for a master whose audio has another number of samples than its record says."""
    return (
        f"the master of chapter {master.title!r} has {samples} samples instead of {master.samples}: "
        "run the same command again"
    )
