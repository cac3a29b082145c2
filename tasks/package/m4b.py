"""One M4B file: AAC audio, chapters, tags, and a check that it reads back as it was meant.

The AAC encoder puts one frame of 1,024 samples before the audio; ffmpeg notes that in the file's edit list, so players
that heed it start at our sample 0, and chapter marks hold to the sample. Players that do not are off by that frame.
This module must not know of books beyond their tags and chapters.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import soundfile
from mutagen import MutagenError
from mutagen.mp4 import MP4

from configs.settings import PackageSettings
from storage.artifacts import ArtifactStore
from storage.records import Master
from tasks.errors import TalepressError
from tasks.package.ffmpeg import run_ffmpeg
from tasks.package.marks import ChapterMark, chapter_marks, ffmetadata, parse_ffmetadata, sample_rate_of
from tasks.package.tags import Tags, write_tags

AAC_FRAME = 1024  # samples
MARK_SECONDS = 0.001  # the resolution of the chapter track that ffmpeg writes
NERO_CHAPTERS = 255  # the `chpl` atom counts in one byte; the QuickTime chapter track beside it holds them all
BLOCK_SAMPLES = 1 << 16

logger = logging.getLogger(__name__)


def write_m4b(
    path: Path, store: ArtifactStore, masters: Sequence[Master], tags: Tags, settings: PackageSettings
) -> tuple[ChapterMark, ...]:
    """Encodes an audiobook. Audio streams from the store through a pipe, so memory stays flat.

    Args:
        path: the file to write; one that is there is overwritten.
        store: holds the masters' audio.
        masters: the chapters in reading order, of one sample rate.
        tags: what to show of the book.
        settings: the bit rate.

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
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".txt") as metadata:
        metadata.write(ffmetadata(marks, rate))
        metadata.flush()
        run_ffmpeg(
            [
                *("-f", "f32le", "-ar", str(rate), "-ac", "1", "-i", "pipe:0"),
                *("-f", "ffmetadata", "-i", metadata.name),
                *("-map", "0:a", "-map_metadata", "1", "-map_chapters", "1"),
                *("-c:a", "aac", "-b:a", f"{settings.aac_bitrate_kbps}k"),
                *("-fflags", "+bitexact", "-flags:a", "+bitexact"),  # no dates or versions: same input, same file
                *("-movflags", "+faststart", "-brand", "M4B ", "-f", "ipod", f"file:{path}"),
            ],
            _pcm(store, masters),
        )
    write_tags(path, tags)
    check_m4b(path, marks, rate, tags)
    return marks


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


def _pcm(store: ArtifactStore, masters: Sequence[Master]) -> Iterator[np.ndarray]:
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
