"""One M4B file: AAC audio, chapters, tags, and a check that it reads back as it was meant.

The AAC encoder puts one frame of 1,024 samples before the audio; ffmpeg notes that in the file's edit list, so players
that heed it start at our sample 0, and chapter marks hold to the sample. Players that do not are off by that frame.
This module must not know of books beyond their tags and chapters.
"""

from __future__ import annotations

import itertools
import logging
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import soundfile
from mutagen import MutagenError
from mutagen.mp4 import MP4

from configs.settings import PackageSettings
from storage.artifacts import ArtifactStore
from storage.records import Master
from tasks.errors import TalepressError
from tasks.package.audio.ffmpeg import run_ffmpeg
from tasks.package.audio.marks import ChapterMark, chapter_marks, ffmetadata, parse_ffmetadata, sample_rate_of
from tasks.package.audio.tags import Tags, write_tags

AAC_FRAME = 1024  # samples
MARK_SECONDS = 0.001  # the resolution of the chapter track that ffmpeg writes
NERO_CHAPTERS = 255  # the `chpl` atom counts in one byte; the QuickTime chapter track beside it holds them all
BLOCK_SAMPLES = 1 << 16
BITEXACT = ("-fflags", "+bitexact", "-flags:a", "+bitexact")  # no dates or versions: same input, same file

logger = logging.getLogger(__name__)


def encode_aac(path: Path, store: ArtifactStore, masters: Iterable[Master], settings: PackageSettings) -> None:
    """Encodes chapters as one stretch of AAC, without chapter marks. Audio streams through a pipe: memory stays flat.

    Args:
        path: the MP4 file to write; one that is there is overwritten.
        store: holds the masters' audio.
        masters: the chapters in reading order, of one sample rate. May be an iterator that waits for each to be made.
        settings: the bit rate.

    Raises: as `write_m4b`, and what the iterator raises.
    """
    waiting = iter(masters)
    first = next(waiting)
    run_ffmpeg(
        [
            *("-f", "f32le", "-ar", str(first.sample_rate), "-ac", "1", "-i", "pipe:0", "-map", "0:a"),
            *("-c:a", "aac", "-b:a", f"{settings.aac_bitrate_kbps}k", *BITEXACT, "-f", "ipod", f"file:{path}"),
        ],
        _pcm(store, itertools.chain([first], waiting)),
    )


def write_m4b(
    path: Path,
    store: ArtifactStore,
    masters: Sequence[Master],
    tags: Tags,
    settings: PackageSettings,
    encoded: Path | None = None,
) -> tuple[ChapterMark, ...]:
    """Writes an audiobook.

    Args:
        path: the file to write; one that is there is overwritten.
        store: holds the masters' audio.
        masters: the chapters in reading order, of one sample rate.
        tags: what to show of the book.
        settings: the bit rate.
        encoded: the masters as `encode_aac` encoded them; they are encoded now if not given. The file is the same.

    Returns:
        The chapter marks, in samples of the masters' rate.

    Raises:
        OutputError: the disk is full.
        TalepressError: ffmpeg failed, a master is not what its record says, or the file does not read back right.
    """
    rate = sample_rate_of(masters)
    marks = chapter_marks(masters)
    if len(marks) > NERO_CHAPTERS:
        logger.warning(
            "%d chapters: players that only know Nero chapters will show the first %d", len(marks), NERO_CHAPTERS
        )
    audio = encoded or path.with_suffix(".audio.m4a")
    try:
        if encoded is None:
            encode_aac(audio, store, masters, settings)
        _mark(audio, path, ffmetadata(marks, rate))
    finally:
        audio.unlink(missing_ok=True)
    write_tags(path, tags)
    check_m4b(path, marks, rate, tags)
    return marks


def _mark(audio: Path, path: Path, metadata: str) -> None:
    """Copies encoded audio into an audiobook with chapter marks."""
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".txt") as file:
        file.write(metadata)
        file.flush()
        run_ffmpeg(
            [
                *("-i", f"file:{audio}", "-f", "ffmetadata", "-i", file.name),
                *("-map", "0:a", "-map_metadata", "1", "-map_chapters", "1", "-c:a", "copy", *BITEXACT),
                *("-movflags", "+faststart", "-brand", "M4B ", "-f", "ipod", f"file:{path}"),
            ]
        )


def check_m4b(path: Path, marks: Sequence[ChapterMark], sample_rate: int, tags: Tags) -> None:
    """Reads a file back with mutagen and with ffmpeg. Raises `TalepressError` where it is not as meant."""
    try:
        file = MP4(path)
    except MutagenError as error:
        raise TalepressError(
            f"{path}: was written, but cannot be read back ({error}); run the same command again"
        ) from error
    seconds = marks[-1].end_sample / sample_rate
    if file.info is None or abs(file.info.length - seconds) > 2 * AAC_FRAME / sample_rate:
        raise TalepressError(f"{path}: does not last {seconds:.3f} s as it should; run the same command again")
    if file.tags is None or file.tags.get("\xa9nam") != [tags.title]:
        raise TalepressError(f"{path}: the title did not read back; run the same command again")
    found = parse_ffmetadata(run_ffmpeg(["-i", f"file:{path}", "-f", "ffmetadata", "-"]))
    if [title for title, _, _ in found] != [mark.title for mark in marks]:
        raise TalepressError(f"{path}: {len(found)} chapters read back, not as the {len(marks)} that were written")
    nero = [chapter.start for chapter in file.chapters or ()]
    for starts in ([start for _, start, _ in found], nero):
        for start, mark in zip(starts, marks, strict=False):  # Nero chapters may be fewer
            if abs(start - mark.start_sample / sample_rate) > MARK_SECONDS:
                raise TalepressError(f"{path}: chapter {mark.title!r} starts at {start:.4f} s, not where it was put")


def _pcm(store: ArtifactStore, masters: Iterable[Master]) -> Iterator[np.ndarray]:
    """All chapters' samples as float32 blocks."""
    for master in masters:
        samples = 0
        with store.open(master.audio_sha256) as opened, soundfile.SoundFile(opened) as file:
            for block in file.blocks(BLOCK_SAMPLES, dtype="float32"):
                samples += len(block)
                yield block
        if samples != master.samples:
            raise TalepressError(
                f"the master of chapter {master.title!r} has {samples} samples instead of {master.samples}: "
                f"delete {master.audio_sha256} from the artifact store and run again"
            )
