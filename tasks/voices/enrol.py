"""Makes voices: from recordings, of other voices, or from a number.

It must not know where rows are kept: the caller saves the record it returns.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import add
from pathlib import Path

import numpy as np
import soundfile

from configs.settings import VoicesSettings
from storage.artifacts import ArtifactStore
from storage.records import VoiceRecord
from tasks.errors import BadInputError
from tasks.voices.catalogue import read_latents
from tasks.voices.latents import digest_latents, pack_latents
from tasks.voices.recipes import mix_recipe, random_recipe
from tortoise_core.errors import AudioError
from tortoise_core.inference.interface import Engine, VoiceLatents

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
    stored = tuple(store.put_file(clip) for clip in clips)
    return _record(store, name, latents, engine.digest, description, clips=stored)


def mix_voices(
    store: ArtifactStore, name: str, parts: Sequence[tuple[VoiceRecord, float]], description: str = ""
) -> VoiceRecord:
    """Makes a voice whose latents are the weighted mean of those of other voices, and stores them.

    Args:
        store: where latents lie.
        name: already checked by `catalogue.check_new_name`.
        parts: voices of one model, two at least, with shares that come to 1.
        description: what to show beside the name.

    Raises `BadInputError` as `catalogue.read_latents`.
    """
    voices = [(read_latents(voice, store), share) for voice, share in parts]
    names = set.intersection(*(set(latents) for latents, _ in voices))  # only some voices have what CVVP hears
    mixed = {tensor: reduce(add, (share * latents[tensor] for latents, share in voices)) for tensor in sorted(names)}
    recipe = mix_recipe(tuple((voice.name, share) for voice, share in parts))
    return _record(store, name, mixed, parts[0][0].model_digest, description, recipe=recipe)


def make_random_voice(engine: Engine, store: ArtifactStore, name: str, seed: int, description: str = "") -> VoiceRecord:
    """Makes the voice that the engine's model makes up from a number, and stores its latents.

    Raises `ConfigError` for a model that makes none up.
    """
    return _record(store, name, engine.random_voice(seed), engine.digest, description, recipe=random_recipe(seed))


def _record(
    store: ArtifactStore,
    name: str,
    latents: VoiceLatents,
    model_digest: str,
    description: str,
    *,
    clips: tuple[str, ...] = (),
    recipe: str = "",
) -> VoiceRecord:
    """Stores latents, and returns the voice that they are."""
    return VoiceRecord(
        name=name,
        digest=digest_latents(latents),
        latents_sha256=store.put_bytes(pack_latents(latents)),
        description=description,
        clips=clips,
        model_digest=model_digest,
        recipe=recipe,
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
