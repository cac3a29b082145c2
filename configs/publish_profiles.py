"""Profiles of published audio: format, rate, loudness, silence at both ends, for each kind of audio file that there is.

A profile is a file `profiles/publish/<kind>.toml`; `[package.profiles.<kind>]` in the user's settings changes single
values of it. This module must not know how audio is encoded, nor what a shop measures.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from configs.settings import PackageSettings, SettingsError

_FOLDER = Path(__file__).parent / "profiles" / "publish"
_NAMED = "package.profiles"

AsMastered = Literal["as mastered"]
AS_MASTERED: AsMastered = "as mastered"


class PublishProfile(BaseModel):
    """How one kind of audio file is made of masters."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    format: Literal["m4b", "mp3", "opus", "flac", "wav"]
    per: Literal["chapter", "book"]  # what a file holds
    folder: str  # what the folder of its files is called, in brackets behind the edition's name
    bitrate_kbps: Annotated[int, Field(ge=0, le=320)] = 0  # constant; 0 in formats that lose nothing
    sample_rate: Annotated[int, Field(ge=8000, le=48000)] | AsMastered = AS_MASTERED  # Hz
    target_lufs: Annotated[float, Field(ge=-40, le=-9)] | AsMastered = AS_MASTERED
    ceiling_dbtp: Annotated[float, Field(ge=-20, le=0)] = -1.0  # where `target_lufs` is louder than the masters
    head_s: Annotated[float, Field(ge=0, le=30)] | AsMastered = AS_MASTERED  # before the first word of a file
    tail_s: Annotated[float, Field(ge=0, le=30)] | AsMastered = AS_MASTERED  # after the last
    max_minutes: Annotated[float, Field(ge=0, le=1440)] = 0.0  # of a file with one chapter, which is cut; 0: any length
    shop: str = ""  # whose rules the files are held to, see `tasks/delivery/shops.toml`
    sample_s: Annotated[float, Field(ge=0, le=600)] = 0.0  # longest retail sample; 0: none
    credits: bool = False  # whether opening and closing credits are files of their own

    def shape(self) -> dict[str, Any]:
        """What shapes the files, as JSON-ready values. What came later is left out where it changes nothing."""
        return self.model_dump(mode="json", exclude=set() if self.max_minutes else {"max_minutes"})


def publish_profile(kind: str, settings: PackageSettings) -> PublishProfile:
    """Reads the profile of a kind of audio file, with the changes that the settings make to it.

    Raises `SettingsError` for a value that makes no sense.
    """
    changes: Mapping[str, Any] = settings.profiles.get(kind, {})
    shipped = _shipped(kind)
    fixed = sorted({"format", "folder"} & set(changes))
    if fixed:
        raise SettingsError(f"{_NAMED}.{kind}.{fixed[0]} cannot be changed: files of other editions are known by it")
    if shipped["format"] == "m4b":
        shipped = {**shipped, "bitrate_kbps": settings.aac_bitrate_kbps}
    try:
        return PublishProfile(**{**shipped, **changes})
    except ValidationError as error:
        detail = error.errors()[0]
        key = ".".join(str(part) for part in detail["loc"][:1])
        known = ", ".join(PublishProfile.model_fields)
        remedy = f"known are {known}" if detail["type"] == "extra_forbidden" else detail["msg"].lower()
        raise SettingsError(f"bad setting {_NAMED}.{kind}.{key} = {detail['input']!r}: {remedy}") from error


def check_profiles(settings: PackageSettings) -> None:
    """Raises `SettingsError` for changes to a kind that has no profile, and for values that make no sense."""
    known = profile_kinds()
    for kind in settings.profiles:
        if kind not in known:
            raise SettingsError(f"unknown setting {_NAMED}.{kind}: profiles are {', '.join(known)}")
        publish_profile(kind, settings)


def profile_kinds() -> tuple[str, ...]:
    """Lists the kinds that have a profile, sorted."""
    return tuple(sorted(file.stem for file in _FOLDER.glob("*.toml")))


@cache
def _shipped(kind: str) -> dict[str, Any]:
    return tomllib.loads((_FOLDER / f"{kind}.toml").read_text("utf-8"))
