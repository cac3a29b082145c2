"""Tries an ffmpeg before a book is spoken for hours: do its files read back as they were meant?

Must not know which book will be made.
"""

from __future__ import annotations

import functools
import hashlib
import io
import tempfile
from pathlib import Path

import numpy as np
import soundfile

from configs.settings import PackageSettings
from storage.artifacts import ArtifactStore
from storage.records import (
    Block,
    BlockKind,
    Book,
    Chapter,
    Master,
    PauseKind,
    PlacedUtterance,
    Take,
    Utterance,
    Verdict,
    VoiceRecord,
)
from tasks.errors import BadInputError, TalepressError
from tasks.package.audio.ffmpeg import ffmpeg_path, ffmpeg_version
from tasks.package.content import EditionContent
from tasks.package.edition import publish_edition
from tasks.package.outputs import find_outputs
from tortoise_core.inference.presets import SamplingSettings

RATE = 24_000
SAMPLES = 2 * RATE
EDGE = RATE // 2  # silence before and after the tone
TEXT = "Trial"
PEAK_DBTP = -20.0
LOUDNESS_LUFS = -23.0  # of a tone with such a peak


def try_ffmpeg(settings: PackageSettings) -> None:
    """Publishes two seconds of sound with the ffmpeg and the outputs that the settings name, and throws them away.

    Once in a process. Outputs that are made of a book's own file are left out: the trial has none.

    Raises `BadInputError` for an ffmpeg that cannot be used; otherwise as `find_outputs`.
    """
    kinds = tuple(output.kind for output in find_outputs(settings.outputs) if not output.needs_origins)
    _try(settings.model_copy(update={"outputs": kinds}).model_dump_json())


@functools.lru_cache
def _try(settings_json: str) -> None:
    settings = PackageSettings.model_validate_json(settings_json)
    path = ffmpeg_path(settings.ffmpeg)
    version = ffmpeg_version(settings.ffmpeg)
    with tempfile.TemporaryDirectory(prefix="talepress-trial-") as name:
        folder = Path(name)
        store = ArtifactStore(folder / "artifacts")
        content = _content(store, settings)
        try:
            publish_edition(folder / "out", store, content)
        except BadInputError:
            raise
        except (TalepressError, OSError) as error:
            words = str(error).replace(f"{folder}/", "")
            raise BadInputError(f"package.ffmpeg: a trial of {path}, version {version}, failed: {words}") from error


def _content(store: ArtifactStore, settings: PackageSettings) -> EditionContent:
    """Makes a book of one word."""
    sound = np.zeros(SAMPLES, dtype=np.float32)
    sound[EDGE:-EDGE] = 0.1 * np.sin(2 * np.pi * 220 * np.arange(SAMPLES - 2 * EDGE) / RATE)
    flac = io.BytesIO()
    soundfile.write(flac, sound, RATE, format="FLAC")
    address = store.put_bytes(flac.getvalue())
    block = Block(BlockKind.PARAGRAPH, TEXT, "")
    digest = hashlib.sha256(TEXT.encode()).hexdigest()
    book = Book(TEXT, ("Talepress",), "en", digest, (Chapter(0, TEXT, (block,)),))
    utterance = Utterance(0, 0, 0, 0, len(TEXT), TEXT, TEXT, PauseKind.CHAPTER)
    take = Take(TEXT, TEXT, 0, 0, address, RATE, SAMPLES, Verdict.OK)
    placed = PlacedUtterance(utterance, take.key, EDGE, SAMPLES - EDGE)
    master = Master(0, TEXT, address, RATE, SAMPLES, LOUDNESS_LUFS, PEAK_DBTP, (placed,))
    voice = VoiceRecord(TEXT, digest, digest)
    return EditionContent(book, (master,), {take.key: take}, voice, TEXT, digest, SamplingSettings(), settings)
