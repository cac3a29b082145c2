"""The composition root: settings in, services out. The only place that decides which parts work together.

Database and artifact store are opened, and made if there are none, when first asked for: a command that is refused
because of bad input leaves no trace. Knows no order of work; the flows do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from configs.settings import Settings, SettingsError, SynthesizeSettings, load_settings
from storage.records import VoiceRecord
from storage.summaries import BookSummary
from tasks.disk import output_errors
from tasks.errors import BadInputError, UnknownVoiceError
from tasks.synthesize.engines import get_front_end, get_speaker, precision, sampling_settings, with_model_folder
from tasks.synthesize.speaker import Speaker
from tasks.voices.catalogue import (
    check_latents,
    directed_voice,
    find_voice,
    read_latents,
    remedy_for_voice,
    shipped_voice,
    shipped_voices,
)
from tasks.voices.latents import unpack_latents
from tasks.voices.references import parse_reference
from tortoise_core.inference.interface import Engine, FrontEnd, Sampling, VoiceLatents

if TYPE_CHECKING:  # SQLAlchemy and fsspec are imported where a library is opened: speaking a sentence opens none
    from storage.artifacts import ArtifactStore
    from storage.database import Database


class Services:
    """Everything that flows and commands work with, each part opened when first used."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @cached_property
    def database(self) -> Database:
        """The database, migrated. Raises `DatabaseError`; none is made where a store says that it belongs to one."""
        from storage.database import Database

        return Database(self.settings.storage.database, may_create=not self._store_is_of_a_library())

    @cached_property
    def store(self) -> ArtifactStore:
        """The artifact store of the database. Raises `OutputError`, `StoreUnavailableError`; as `database`."""
        from storage.pairing import open_store

        with output_errors(self.settings.storage.artifacts):
            return open_store(self.database, self.settings.storage.artifacts)

    @cached_property
    def synthesize(self) -> SynthesizeSettings:
        """The settings of the engine, with the name of a model in a folder replaced by that folder.

        Raises `BadInputError` for an unknown model, `ConfigError` for an unknown engine.
        """
        return with_model_folder(self.settings.synthesize, self.settings.storage)

    @property
    def engine(self) -> Engine:
        """This process's engine. Raises `TortoiseError` when it cannot be loaded."""
        return self.speaker.engine

    @property
    def speaker(self) -> Speaker:
        """This process's engine, lent to one thread at a time. Raises as `engine`."""
        return get_speaker(self.synthesize)

    @cached_property
    def front_end(self) -> FrontEnd:
        """What can be known of the engine without its networks. Raises `TortoiseError` when there is no such model."""
        return get_front_end(self.synthesize)

    @property
    def precision(self) -> str:
        """The numbers that the engine computes in: "float32", "bfloat16", "int8" or "w8a8"."""
        return precision(self.synthesize)

    @cached_property
    def sampling(self) -> Sampling:
        """The sampling settings of every take. Raises `ConfigError` for a preset that the model does not have."""
        return self.sampling_with()

    def sampling_with(self, **changes: object) -> Sampling:
        """Changes some of the sampling settings. Raises `ConfigError` for one that the engine lacks."""
        return sampling_settings(self.front_end, self.settings.synthesize, **changes)

    def has_database(self) -> bool:
        """Tells whether there is a database already. Raises `DatabaseUrlError`, and as `database` for a missing one."""
        from storage.database import database_exists

        return database_exists(self.settings.storage.database) or self._store_is_of_a_library()

    def _store_is_of_a_library(self) -> bool:
        """Tells whether the artifact store has a database that it belongs to, wherever that may be now."""
        from storage.artifacts import ArtifactStore

        return ArtifactStore(self.settings.storage.artifacts).identity() is not None

    def books(self) -> tuple[BookSummary, ...]:
        """The books that are remembered, the latest first."""
        if not self.has_database():
            return ()
        return self.database.read(lambda uow: uow.books.summaries())

    def added_voices(self) -> tuple[VoiceRecord, ...]:
        """Lists the voices that users added, of any model."""
        if not self.has_database():
            return ()
        return self.database.read(lambda uow: uow.voices.list())

    def voice(self, name: str | None = None) -> VoiceRecord:
        """Finds the voice of that name, or the one that the settings name, its latents checked.

        A name may have a direction: "joe [I am really sad,]", see `tasks/voices/references.py`.

        Raises `UnknownVoiceError`, `BadInputError` for latents that are missing or damaged, and for a direction that
        cannot be spoken.
        """
        reference = parse_reference(name or self.settings.synthesize.voice)
        name = reference.name
        added = self.added_voices()
        known = sorted({voice.name for voice in shipped_voices()} | {voice.name for voice in added})
        if name not in known:  # asked here as well, because `find_voice` needs the store opened
            raise UnknownVoiceError(f"unknown voice {name!r}: {remedy_for_voice(known)}")
        voice = find_voice(name, self.front_end.digest, self.store, added)
        check_latents(voice, self.store)
        return self._directed(voice, reference.direction) if reference.direction else voice

    def reader(self, name: str | None = None) -> tuple[VoiceRecord, VoiceLatents]:
        """Finds a voice and its latents, to speak with it here and now.

        One that comes with the program is read from its own file: neither database nor store is opened for it.

        Raises as `voice`.
        """
        reference = parse_reference(name or self.settings.synthesize.voice)
        shipped = shipped_voice(reference.name, self.front_end.digest)
        if shipped is None:
            found = self.voice(name)
            return found, read_latents(found, self.store)
        voice, data = shipped
        latents = unpack_latents(data, f"voice {voice.name!r}")
        return (self._directed(voice, reference.direction) if reference.direction else voice), latents

    def _directed(self, voice: VoiceRecord, direction: str) -> VoiceRecord:
        """Has a voice speak with a direction. Raises `BadInputError` for one that leaves a text too little room."""
        if self.front_end.token_count(direction) > self.front_end.max_text_tokens // 2:
            raise BadInputError(
                f"voice {voice.name} [{direction}]: the direction takes more than half of what the model can say in "
                "one go: use fewer words"
            )
        return directed_voice(voice, direction)

    def close(self) -> None:
        """Closes what was opened."""
        if "database" in self.__dict__:
            self.database.close()


def read_settings(**overrides: Mapping[str, object]) -> Settings:
    """Reads settings, with `overrides` on top: `read_settings(synthesize={"voice": "slt"})`. Raises `BadInputError`.

    An override that is None or "" leaves the configured value.
    """
    given = {
        section: {key: value for key, value in values.items() if value not in (None, "")}
        for section, values in overrides.items()
    }
    try:
        return load_settings(**given)
    except SettingsError as error:
        raise BadInputError(str(error)) from error


@contextmanager
def open_services(settings: Settings) -> Iterator[Services]:
    """Opens services for the length of the block."""
    services = Services(settings)
    try:
        yield services
    finally:
        services.close()
