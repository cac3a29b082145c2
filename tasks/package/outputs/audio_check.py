"""Reads published audio files back: length, rate, tags, chapters, and of formats that lose nothing every sample.

It must not know which files an edition has.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import mutagen
import numpy as np
import soundfile
from mutagen import MutagenError
from mutagen.mp4 import MP4

from configs.publish_profiles import AS_MASTERED, PublishProfile
from storage.artifacts import ArtifactStore
from tasks.errors import TalepressError
from tasks.package.audio.encode import BLOCK_SAMPLES, sound
from tasks.package.audio.ffmpeg import run_ffmpeg
from tasks.package.audio.formats import FORMATS, AudioFormat
from tasks.package.audio.label import Label
from tasks.package.audio.marks import parse_ffmetadata
from tasks.package.audio.recordings import Recording

MARK_SECONDS = 0.001  # the resolution of chapters in all containers
OPUS_RATE = 48_000  # Hz, of every Opus decoder
COPYING = ("-copyts",)  # else ffmpeg moves chapters by the encoder's delay, which is cut off at the start of an MP3
AGAIN = "run the same command again"


def check_audio_file(
    path: Path, samples: int, recording: Recording, label: Label, profile: PublishProfile, store: ArtifactStore
) -> None:
    """Reads a file back with mutagen and with ffmpeg. Raises `TalepressError` where it is not as meant.

    Args:
        path: the file.
        samples: its length at the masters' rate.
        recording: what it holds.
        label: the tags and chapters that it shall have.
        profile: of its kind.
        store: holds the masters' audio.
    """
    form = FORMATS[profile.format]
    try:
        _check_audio(path, samples, label.sample_rate, profile, form)
        if form.has_chapters and len(label.marks) > 1:
            _check_chapters(path, label, recording.ffmpeg)
        _check_tags(path, label, form)
        if form.lossless and profile.sample_rate == AS_MASTERED:
            _check_samples(path, recording, store)
    except (MutagenError, soundfile.SoundFileError) as error:
        raise TalepressError(f"{path}: was written, but cannot be read back ({error}); {AGAIN}") from error


def _check_audio(path: Path, samples: int, masters_rate: int, profile: PublishProfile, form: AudioFormat) -> None:
    file = mutagen.File(path)
    if file is None:
        raise TalepressError(f"{path}: was written, but is no audio file; {AGAIN}")
    info = file.info
    rate = masters_rate if profile.sample_rate == AS_MASTERED else int(profile.sample_rate)
    found = getattr(info, "sample_rate", OPUS_RATE)
    wanted = OPUS_RATE if profile.format == "opus" else rate
    if (info.channels, found) != (1, wanted):
        raise TalepressError(
            f"{path}: says {info.channels} channels at {found} Hz and not 1 at {wanted}: this ffmpeg cannot be used; "
            "leave package.ffmpeg empty for the packaged one"
        )
    seconds = samples / masters_rate
    if abs(info.length - seconds) > (form.frame + 1) / wanted:
        raise TalepressError(f"{path}: lasts {info.length:.3f} s and not {seconds:.3f} s as it should; {AGAIN}")


def _check_tags(path: Path, label: Label, form: AudioFormat) -> None:
    found = form.read(path)
    wanted = form.wanted(label)
    wrong = sorted(name for name, value in wanted.items() if found.get(name) != value)
    more = sorted(set(found) - set(wanted))
    if wrong or more:
        raise TalepressError(f"{path}: the tag {(wrong or more)[0]} did not read back as it was written; {AGAIN}")


def _check_chapters(path: Path, label: Label, ffmpeg: str) -> None:
    listed = parse_ffmetadata(run_ffmpeg([*COPYING, "-i", f"file:{path}", "-f", "ffmetadata", "-"], chosen=ffmpeg))
    if [title for title, _, _ in listed] != [mark.title for mark in label.marks]:
        raise TalepressError(
            f"{path}: {len(listed)} chapters read back, not as the {len(label.marks)} that were written; {AGAIN}"
        )
    starts = [[start for _, start, _ in listed]]
    if path.suffix == ".m4b":  # which has a second list, Nero's
        starts.append([chapter.start for chapter in MP4(path).chapters or ()])
    for found in starts:
        for start, mark in zip(found, label.marks, strict=True):
            if abs(start - mark.start_sample / label.sample_rate) > MARK_SECONDS:
                raise TalepressError(f"{path}: chapter {mark.title!r} starts at {start:.4f} s, not where it was put")


def _check_samples(path: Path, recording: Recording, store: ArtifactStore) -> None:
    """Compares every sample with what was to be encoded; the last step of 16 bits may be rounded either way."""
    meant = _blocks(np.concatenate([block]) for one in recording.stretches for block in sound(store, one))
    with soundfile.SoundFile(path) as file:
        for block in file.blocks(BLOCK_SAMPLES, dtype="float32"):
            wanted = next(meant, None)
            if wanted is None or wanted.shape != block.shape or np.abs(block - wanted).max(initial=0) > 1 / 32768:
                raise TalepressError(f"{path}: holds other samples than the masters; {AGAIN}")
    if next(meant, None) is not None:
        raise TalepressError(f"{path}: holds fewer samples than the masters; {AGAIN}")


def _blocks(pieces: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    """Cuts a stream into blocks of `BLOCK_SAMPLES`, the last one shorter."""
    waiting = np.zeros(0, dtype=np.float32)
    for piece in pieces:
        waiting = np.concatenate([waiting, piece])
        while len(waiting) >= BLOCK_SAMPLES:
            yield waiting[:BLOCK_SAMPLES]
            waiting = waiting[BLOCK_SAMPLES:]
    if len(waiting):
        yield waiting
