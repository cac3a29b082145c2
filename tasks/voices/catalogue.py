"""Finds voices by name: those shipped as files in `configs/voices` and those enrolled by the user.

Shipped voices need no database row; enrolled ones come in as records. This module must not know how a voice is made.
"""

from __future__ import annotations

import hashlib
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

import configs
from storage.errors import ArtifactError
from storage.records import VoiceRecord
from tasks.align.direction import directed_digest
from tasks.errors import BadInputError, UnknownVoiceError
from tasks.voices.latents import digest_latents, unpack_latents
from tasks.voices.recipes import options_of, parts_in, seed_in
from tasks.voices.references import parse_reference
from tortoise_core.inference.interface import VoiceLatents
from tortoise_core.plain_data import parse_toml

if TYPE_CHECKING:
    from storage.artifacts import ArtifactStore

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
    sha256: str = ""  # of the file; empty: not given

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
        BadInputError: a shipped file has changed.
    """
    if (shipped := shipped_voice(name, model_digest, folder)) is not None:
        voice, data = shipped
        store.put_bytes(data)
        return voice
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


def shipped_voice(name: str, model_digest: str, folder: Path = SHIPPED_FOLDER) -> tuple[VoiceRecord, bytes] | None:
    """Finds a voice that comes with the program: its record, and its file's content; None where none has that name.

    Raises `BadInputError` for a file that has changed.
    """
    for shipped in shipped_voices(folder):
        if shipped.name == name:
            data = shipped.path.read_bytes()
            sha256 = hashlib.sha256(data).hexdigest()
            if shipped.sha256 and sha256 != shipped.sha256:
                raise BadInputError(
                    f"{shipped.path} has changed since it was written: it comes with the program, install Talepress "
                    f"again, or in a checkout run `git checkout -- configs/voices/{shipped.path.name}`"
                )
            digest = digest_latents(unpack_latents(data, str(shipped.path)))
            record = VoiceRecord(
                name, digest, sha256, description=shipped.credit.description, model_digest=model_digest
            )
            return record, data
    return None


def directed_voice(voice: VoiceRecord, direction: str) -> VoiceRecord:
    """Returns the voice that speaks every text with a direction before it. Nothing is stored: the latents are the same.

    Raises `BadInputError` for a direction that cannot be spoken.
    """
    reference = parse_reference(voice.name).directed(direction)
    return replace(voice, name=str(reference), digest=directed_digest(voice.digest, reference.direction))


def remedy_for_voice(usable: Sequence[str]) -> str:
    """Writes how a message ends about a voice that cannot be used; `usable` are the names of those that can."""
    use = f"use one of {', '.join(usable)}, or " if usable else ""
    return f"{use}make one: `talepress voice add NAME CLIP...`"


def credit_of(voice: VoiceRecord, folder: Path = SHIPPED_FOLDER) -> VoiceCredit:
    """Says whose speech a voice was made from. Of one that the user added, the number of recordings or the recipe is
    known.
    """
    name = parse_reference(voice.name).name
    for shipped in shipped_voices(folder):
        if shipped.name == name:
            return replace(shipped.credit, name=voice.name)
    if (seed := seed_in(voice.recipe)) is not None:
        return VoiceCredit(voice.name, voice.description, f"nobody: the model made it up from the number {seed}", "")
    if parts := parts_in(voice.recipe):
        licences = {shipped.name: shipped.credit.licence for shipped in shipped_voices(folder)}
        return VoiceCredit(
            voice.name,
            voice.description,
            "a mix of " + " and ".join(f"{name} ({share:.0%})" for name, share in parts),
            " and ".join(dict.fromkeys(licences.get(name) or f"that of {name}" for name, _ in parts)),
        )
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
    """Reads a voice's latents, and checks that they are those by which its takes are keyed.

    Raises `BadInputError`, with what mends it, for a file that is missing, damaged or no voice.
    """
    return unpack_latents(_read_checked(voice, store), f"voice {voice.name!r}")


def check_latents(voice: VoiceRecord, store: ArtifactStore) -> None:
    """Raises what `read_latents` would raise, so that a run asks before it begins."""
    _read_checked(voice, store)


def _read_checked(voice: VoiceRecord, store: ArtifactStore) -> bytes:
    """Reads a voice's file. Raises `BadInputError` unless it is there and gives the voice's digest."""
    address = voice.latents_sha256
    if not store.exists(address):
        reason = "is missing"
    elif not store.is_whole(address):
        reason = "has changed since it was written"
    else:
        data = store.read(address)
        digest = digest_latents(unpack_latents(data, f"voice {voice.name!r}"))
        direction = parse_reference(voice.name).direction
        if (directed_digest(digest, direction) if direction else digest) == voice.digest:
            return data
        reason = "is another voice's"
    raise BadInputError(
        f"voice {voice.name!r}: its file {address} in the artifact store {store.place} {reason}: "
        f"{_how_to_mend(voice, store)}"
    )


def _how_to_mend(voice: VoiceRecord, store: ArtifactStore) -> str:
    """The commands that make an added voice's latents again: the same clips give the same voice."""
    clips = options_of(voice.recipe) if voice.recipe else "CLIP..."
    if voice.clips and all(store.is_whole(clip) for clip in voice.clips):
        try:
            clips = " ".join(shlex.quote(str(store.path(clip))) for clip in voice.clips)
        except ArtifactError:  # a remote store has no paths to give
            clips = "CLIP..."
    name = parse_reference(voice.name).name
    return f"run `talepress voice remove {name}`, then `talepress voice add {name} {clips}`"


def _describe(path: Path) -> ShippedVoice:
    description = path.with_suffix(".toml")
    try:
        table = parse_toml(description.read_text("utf-8")) if description.is_file() else {}
    except ValueError as error:
        raise BadInputError(f"{description}: not a TOML file ({error})") from error
    named = {field.name: str(table.get(field.name, "")) for field in fields(VoiceCredit)}
    credit = VoiceCredit(**{**named, "name": named["name"] or path.stem})
    return ShippedVoice(path, credit, sha256=str(table.get("sha256", "")))
