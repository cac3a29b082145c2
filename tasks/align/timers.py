"""Chooses who listens for words, and has takes listened to. Must not know books, tables or who wants the times."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

import soundfile

from configs.settings import AlignSettings
from storage.artifacts import ArtifactStore
from storage.records import Take, WordTime
from tasks.align.pocketsphinx import PocketsphinxTimer
from tasks.align.words import SpellerTimer, WordTimer
from tasks.errors import TalepressError


@lru_cache(maxsize=4)
def word_timer(settings: AlignSettings, model: Path) -> WordTimer:
    """Returns who listens for words; networks are loaded when they first listen, once in a process.

    Args:
        settings: which way.
        model: the folder of the model that `settings.model` names.

    Raises `BadInputError` where the way asked for is not installed, `CheckpointError` for a damaged model.
    """
    return PocketsphinxTimer() if settings.method == "pocketsphinx" else SpellerTimer(model)


def time_takes(
    store: ArtifactStore, timer: WordTimer, takes: Mapping[str, tuple[Take, str]]
) -> Iterator[tuple[str, tuple[WordTime, ...]]]:
    """Listens to takes, one after another. Yields the key of each and its words.

    Args:
        store: holds the takes' audio.
        timer: who listens.
        takes: by key, each with what it says.

    Raises `StorageError` for audio that is missing or damaged, `TalepressError` for what is no audio.
    """
    for key, (take, spoken) in takes.items():
        try:
            audio, rate = soundfile.read(io.BytesIO(store.read(take.audio_sha256)), dtype="float32")
        except soundfile.SoundFileError as error:
            raise TalepressError(f"the audio of take {key} is no audio ({error}); please report it") from error
        yield key, timer.times(audio, rate, spoken)
