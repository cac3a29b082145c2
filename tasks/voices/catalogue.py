"""Finds voices by name: those shipped as files in `configs/voices` and those enrolled by the user.

Shipped voices need no database row; enrolled ones come in as records. This module must not know how a voice is made.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import configs
from storage.artifacts import ArtifactStore
from storage.records import VoiceRecord
from tasks.errors import BadInputError, UnknownVoiceError
from tasks.voices.latents import digest_packed, unpack_latents
from tortoise_core.inference.interface import VoiceLatents

SHIPPED_FOLDER = Path(configs.__file__).parent / "voices"
VOICE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


@dataclass(frozen=True)
class VoiceCredit:
    """What a publisher needs to know of a voice; "" is unknown."""

    name: str
    description: str
    made_from: str  # whose speech it was learned from, by way of what
    licence: str  # of that speech


@dataclass(frozen=True)
class ShippedVoice:
    """A voice that comes with the program: `NAME.safetensors`, with `NAME.toml` to say what it is."""

    path: Path
    credit: VoiceCredit

    @property
    def name(self) -> str:
        """What users call it."""
        return self.credit.name


def shipped_voices(folder: Path = SHIPPED_FOLDER) -> tuple[ShippedVoice, ...]:
    """Lists the voices in a folder, by name. Raises `BadInputError` for a description that cannot be read."""
    return tuple(_describe(path) for path in sorted(folder.glob("*.safetensors")))


def find_voice(
    name: str,
    model_digest: str,
    store: ArtifactStore,
    enrolled: Sequence[VoiceRecord] = (),
    folder: Path = SHIPPED_FOLDER,
) -> VoiceRecord:
    """Finds the voice of that name for a model.

    Args:
        name: what the user asked for.
        model_digest: `Engine.digest`; latents that another model made are of no use.
        store: takes in the latents of a shipped voice, so that every voice is read from one place.
        enrolled: the voices in the database, of any model.
        folder: where the shipped voices are.

    Raises:
        UnknownVoiceError: there is none; the message lists those that there are.
    """
    for shipped in shipped_voices(folder):
        if shipped.name == name:
            data = shipped.path.read_bytes()
            return VoiceRecord(
                name=name,
                digest=digest_packed(data, str(shipped.path)),
                latents_sha256=store.put_bytes(data),
                description=shipped.credit.description,
                model_digest=model_digest,
            )
    for voice in enrolled:
        if (voice.name, voice.model_digest) == (name, model_digest):
            return voice
    usable = voice_names(model_digest, enrolled, folder)
    if any(voice.name == name for voice in enrolled):
        raise UnknownVoiceError(
            f"voice {name!r} was made by another model: remove it and add it again from its clips, "
            f"or {remedy_for_voice(usable)}"
        )
    raise UnknownVoiceError(f"unknown voice {name!r}: {remedy_for_voice(usable)}")


def remedy_for_voice(usable: Sequence[str]) -> str:
    """Writes how a message ends about a voice that cannot be used; `usable` are the names of those that can."""
    use = f"use one of {', '.join(usable)}, or " if usable else ""
    return f"{use}make one: `talepress voice add NAME CLIP...`"


def credit_of(voice: VoiceRecord, folder: Path = SHIPPED_FOLDER) -> VoiceCredit:
    """Says whose speech a voice was made from. Of a voice that the user added, the number of recordings is known."""
    for shipped in shipped_voices(folder):
        if shipped.name == voice.name:
            return shipped.credit
    clips = len(voice.clips)
    return VoiceCredit(voice.name, voice.description, f"{clips} recording{'s' * (clips != 1)} that you added", "")


def voice_names(
    model_digest: str, enrolled: Sequence[VoiceRecord] = (), folder: Path = SHIPPED_FOLDER
) -> tuple[str, ...]:
    """Lists the names that `find_voice` finds for a model, sorted."""
    shipped = {voice.name for voice in shipped_voices(folder)}
    return tuple(sorted(shipped | {voice.name for voice in enrolled if voice.model_digest == model_digest}))


def check_new_name(name: str, enrolled: Sequence[VoiceRecord] = (), folder: Path = SHIPPED_FOLDER) -> None:
    """Refuses a name that is malformed or taken. Raises `BadInputError`."""
    if not VOICE_NAME.fullmatch(name):
        raise BadInputError(
            f"{name!r} cannot name a voice: use up to 64 of a-z, 0-9, '-' and '_', with a letter or digit first"
        )
    if any(voice.name == name for voice in shipped_voices(folder)):
        raise BadInputError(f"voice {name!r} comes with the program: take another name")
    if any(voice.name == name for voice in enrolled):
        raise BadInputError(f"there is a voice {name!r} already: remove it first, or take another name")


def check_removable(name: str, enrolled: Sequence[VoiceRecord], folder: Path = SHIPPED_FOLDER) -> None:
    """Refuses a voice that the user did not add: `BadInputError` for a shipped one, `UnknownVoiceError` for others."""
    if any(voice.name == name for voice in shipped_voices(folder)):
        raise BadInputError(f"voice {name!r} comes with the program and cannot be removed")
    if all(voice.name != name for voice in enrolled):
        names = ", ".join(sorted({voice.name for voice in enrolled})) or "none"
        raise UnknownVoiceError(f"unknown voice {name!r}: those that can be removed are {names}")


def read_latents(voice: VoiceRecord, store: ArtifactStore) -> VoiceLatents:
    """Reads a voice's latents. Raises `BadInputError` for a file that is no voice, `StorageError` for a missing one."""
    return unpack_latents(store.read(voice.latents_sha256), f"voice {voice.name!r}")


def _describe(path: Path) -> ShippedVoice:
    description = path.with_suffix(".toml")
    try:
        table = tomllib.loads(description.read_text("utf-8")) if description.is_file() else {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInputError(f"{description}: not a TOML file ({error})") from error
    named = {field.name: str(table.get(field.name, "")) for field in fields(VoiceCredit)}
    return ShippedVoice(path, VoiceCredit(**{**named, "name": named["name"] or path.stem}))
