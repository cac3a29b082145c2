"""Adds a voice to the library: what `talepress voice add` does. Must not know how latents are made, nor Prefect."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from flows.services import Services
from storage.records import VoiceRecord
from tasks.errors import BadInputError
from tasks.voices.catalogue import check_new_name
from tasks.voices.clips import advise
from tasks.voices.enrol import check_clip, enrol_voice, make_random_voice, mix_voices
from tasks.voices.recipes import parse_mix


def add_voice(
    services: Services, name: str, clips: Sequence[Path], *, mix: str, seed: int | None, description: str
) -> tuple[VoiceRecord, tuple[str, ...]]:
    """Makes a voice for the configured model, of one of three things, and saves it.

    Returns the voice, and what is doubtful about the recordings.

    Args:
        services: the library and the engine.
        name: what to call it.
        clips: recordings of one speaker; or none.
        mix: other voices and their shares, see `parse_mix`; or "".
        seed: the number that the model makes a voice up from; or None.
        description: what to show beside the name.

    Raises `BadInputError` for a name, clip or mix that cannot be used, `UnknownVoiceError` for a voice of the mix that
    is not there, `ConfigError` for a model that makes no voices up. Nothing is saved then.
    """
    if bool(clips) + bool(mix) + (seed is not None) != 1:
        raise BadInputError(f"voice {name!r}: give recordings, or --mix, or --random: one of the three")
    check_new_name(name, services.added_voices())
    if mix:
        parts = [(services.voice(part), share) for part, share in parse_mix(mix)]
        voice = mix_voices(services.store, name, parts, description)
    elif seed is not None:
        voice = make_random_voice(services.engine, services.store, name, seed, description)
    else:
        for clip in clips:
            check_clip(clip, services.settings.voices)  # here as well: before the store is opened
        voice = enrol_voice(services.engine, services.store, name, clips, services.settings.voices, description)
    with services.database.unit_of_work() as uow:
        uow.voices.add(voice)
        uow.commit()
    return voice, advise(clips) if clips else ()
