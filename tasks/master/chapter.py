"""Brings a stitched chapter to its loudness and measures the result.

It reads and writes in blocks, so memory does not grow with the chapter. It must not know how a chapter was stitched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import soundfile

from configs.settings import MasterSettings
from storage.artifacts import ArtifactStore
from storage.records import Master
from tasks.disk import output_errors
from tasks.master.dynamics import level
from tasks.master.meters import measure
from tasks.stitch.assemble import StitchedChapter

BLOCK_SAMPLES = 1 << 18  # 11 s at 24 kHz: 2 MiB a block
TOLERANCE_LU = 0.5


def master_chapter(
    store: ArtifactStore, stitched: StitchedChapter, title: str, chapter_index: int, settings: MasterSettings
) -> Master:
    """Normalises a chapter and stores it as a 16-bit mono FLAC file.

    Args:
        store: takes in the master.
        stitched: the chapter; a working file is written beside it and removed again.
        title: the chapter's title.
        chapter_index: its place in the book, from 0.
        settings: target loudness (LUFS) and true-peak ceiling (dBTP).

    Returns:
        The master, with the loudness and true peak of the finished audio. It has as many samples as the chapter.

    Raises:
        OutputError: the disk is full.
    """
    blocks = level(lambda: _read(stitched.path), settings.target_lufs, settings.ceiling_dbtp, stitched.sample_rate)
    working = stitched.path.with_suffix(".master.flac")
    try:
        with output_errors(working.parent):
            with soundfile.SoundFile(working, "w", stitched.sample_rate, 1, format="FLAC", subtype="PCM_16") as target:
                loudness, peak = measure(_write(blocks, target), stitched.sample_rate)
            address = store.put_file(working)
    finally:
        working.unlink(missing_ok=True)
    return Master(
        chapter_index=chapter_index,
        title=title,
        audio_sha256=address,
        sample_rate=stitched.sample_rate,
        samples=stitched.samples,
        loudness_lufs=loudness,
        true_peak_dbtp=peak,
        placed=stitched.placed,
    )


def misses_target(loudness_lufs: float, settings: MasterSettings) -> bool:
    """Tells whether listeners would notice that a chapter has not the loudness that was asked for."""
    return abs(loudness_lufs - settings.target_lufs) > TOLERANCE_LU


def _read(path: Path) -> Iterator[np.ndarray]:
    """Yields a file's samples in blocks, each of shape (samples,), float64."""
    with soundfile.SoundFile(path) as file:
        yield from file.blocks(BLOCK_SAMPLES, dtype="float64")


def _write(blocks: Iterable[np.ndarray], target: soundfile.SoundFile) -> Iterator[np.ndarray]:
    """Writes blocks to a file, and yields each one after it is written."""
    for block in blocks:
        target.write(block)
        yield block
