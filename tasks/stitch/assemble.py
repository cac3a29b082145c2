"""Joins the takes of a chapter into one file, one take in memory at a time.

It must not know how takes are chosen, nor how loud the chapter will be: that is mastering's.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from configs.settings import StitchSettings
from storage.artifacts import ArtifactStore
from storage.records import ChosenTake, PlacedUtterance, Take
from tasks.disk import output_errors
from tasks.errors import TalepressError
from tasks.stitch.room_tone import RoomTone
from tasks.stitch.timeline import Timeline, lay_out

BLOCK_SAMPLES = 1 << 16


@dataclass(frozen=True)
class StitchedChapter:
    """A chapter's audio before mastering: a mono 24-bit FLAC file outside the store, to be deleted by its owner."""

    path: Path
    sample_rate: int
    samples: int
    placed: tuple[PlacedUtterance, ...]


def stitch_chapter(
    store: ArtifactStore, cues: Sequence[ChosenTake], settings: StitchSettings, path: Path
) -> StitchedChapter:
    """Writes a chapter's takes, with the pauses between them and room tone under all of it, into one FLAC file.

    Args:
        store: holds the takes' audio.
        cues: the chapter's utterances with their takes, in reading order.
        settings: head, tail and pauses.
        path: the file to write; one that is there is overwritten.

    Raises:
        TalepressError: no utterance, different sample rates, or a file that is not what its record says.
        StorageError: a take's audio is missing or damaged.
        OutputError: the disk is full.
    """
    timeline = lay_out(cues, settings)
    with (
        output_errors(path.parent),
        soundfile.SoundFile(path, "w", timeline.sample_rate, 1, format="FLAC", subtype="PCM_24") as target,
    ):
        tone = RoomTone(seed=int(cues[0].take.key[:16], 16))  # from content: same takes, same chapter
        for block in _blocks(store, cues, timeline):
            target.write(np.clip(block + tone.next(len(block)), -1.0, 1.0))
    return StitchedChapter(path, timeline.sample_rate, timeline.samples, timeline.placed)


def _blocks(store: ArtifactStore, cues: Sequence[ChosenTake], timeline: Timeline) -> Iterator[np.ndarray]:
    """Yields the chapter from its first sample to its last, without room tone. Each block: (samples,), float64."""
    position = 0
    for cue, placed in zip(cues, timeline.placed, strict=True):
        yield from _silence(placed.start_sample - position)
        yield _read(store, cue.take)
        position = placed.end_sample
    yield from _silence(timeline.samples - position)


def _silence(samples: int) -> Iterator[np.ndarray]:
    """Yields so many zeros, in blocks."""
    for start in range(0, samples, BLOCK_SAMPLES):
        yield np.zeros(min(BLOCK_SAMPLES, samples - start))


def _read(store: ArtifactStore, take: Take) -> np.ndarray:
    """Reads and checks a take's samples. Shape: (take.samples,), float64.

    Raises `StorageError` for a file that is missing or damaged, `TalepressError` for one that is not the take's.
    """
    try:
        audio, rate = soundfile.read(io.BytesIO(store.read(take.audio_sha256)), dtype="float64")
    except soundfile.SoundFileError as error:
        raise TalepressError(f"the audio of take {take.key} is no audio ({error}); please report it") from error
    if audio.shape != (take.samples,) or rate != take.sample_rate:
        raise TalepressError(
            f"the audio of take {take.key} has {len(audio)} samples at {rate} Hz instead of {take.samples} at "
            f"{take.sample_rate}; please report it"
        )
    return audio
