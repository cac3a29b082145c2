"""Makes a voice from recordings. It must not know where rows are kept: the caller saves the record it returns."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile

from configs.settings import VoicesSettings
from storage.artifacts import ArtifactStore
from storage.records import VoiceRecord
from tasks.errors import BadInputError
from tasks.voices.latents import digest_latents, pack_latents
from tortoise_core.errors import AudioError
from tortoise_core.inference.interface import Engine

SILENT_PEAK = 0.01


def enrol_voice(
    engine: Engine,
    store: ArtifactStore,
    name: str,
    clips: Sequence[Path],
    settings: VoicesSettings,
    description: str = "",
) -> VoiceRecord:
    """Computes a voice's latents from clips and stores latents and clips.

    Args:
        engine: the model that is to speak with the voice.
        store: where latents and clips go.
        name: already checked by `catalogue.check_new_name`.
        clips: recordings of one speaker in any format that libsndfile reads (WAV, FLAC, OGG, MP3, ...).
        settings: limits on number, size and length of clips.
        description: what to show beside the name.

    Returns:
        The voice; its row is the caller's to save.

    Raises:
        BadInputError: too many clips, or one that cannot be used. Nothing is stored then.
    """
    if not 0 < len(clips) <= settings.max_clips:
        raise BadInputError(
            f"voice {name!r}: {len(clips)} clips; give 1 to {settings.max_clips} recordings of one speaker"
        )
    for clip in clips:
        check_clip(clip, settings)
    try:
        latents = engine.voice_from_clips(clips)
    except AudioError as error:
        raise BadInputError(f"voice {name!r}: {error}") from error
    return VoiceRecord(
        name=name,
        digest=digest_latents(latents),
        latents_sha256=store.put_bytes(pack_latents(latents)),
        description=description,
        clips=tuple(store.put_file(clip) for clip in clips),
        model_digest=engine.digest,
    )


def check_clip(clip: Path, settings: VoicesSettings) -> None:
    """Refuses a clip that is unreadable, too large, too short, too long or silent. Raises `BadInputError`."""
    if not clip.is_file():
        raise BadInputError(f"{clip}: no such file; give the path of a recording")
    if clip.stat().st_size > settings.max_clip_bytes:
        raise BadInputError(f"{clip}: larger than {settings.max_clip_bytes} bytes; cut it down to a few seconds")
    try:
        with soundfile.SoundFile(clip) as file:
            seconds = file.frames / file.samplerate
            if not settings.min_clip_s <= seconds <= settings.max_clip_s:
                raise BadInputError(
                    f"{clip}: {seconds:.1f} s long; a clip lasts {settings.min_clip_s:g} to {settings.max_clip_s:g} s"
                )
            peak = max(float(np.abs(block).max()) for block in file.blocks(1 << 16, dtype="float32"))
    except soundfile.SoundFileError as error:
        raise BadInputError(f"{clip}: cannot be read as audio; convert it to WAV or FLAC") from error
    if not peak >= SILENT_PEAK:  # also true for samples that are no numbers
        raise BadInputError(f"{clip}: silent; give a recording of somebody speaking")
