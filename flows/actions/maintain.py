"""`talepress maintain`: checks every byte that a library has, and puts a library together again after damage.

Deletes no audio. Knows nothing of how results are shown.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import storage.copying
from flows.actions.clean import require_quiet
from flows.services import Services
from storage.artifacts import ArtifactStore
from storage.database import Database
from storage.errors import NotFoundError, StorageError
from storage.records import Take, VoiceRecord
from tasks.counting import counted
from tasks.errors import TalepressError
from tasks.synthesize.take_tags import read_tags
from tasks.voices.catalogue import check_latents
from tasks.voices.enrol import enrol_voice
from tortoise_core.errors import TortoiseError

_ROWS_AT_ONCE = 500


@dataclass(frozen=True)
class Health:
    """What a look at all files found. Keys are those of rows."""

    takes: int  # that should have audio
    masters: int
    voices: int
    damaged_takes: tuple[str, ...]  # their file is gone or has changed
    found_takes: tuple[str, ...]  # known as lost, and their file is back
    damaged_masters: tuple[str, ...]
    damaged_voices: tuple[tuple[str, str], ...]  # name, and what is wrong with the remedy

    @property
    def ok(self) -> bool:
        """Whether there is nothing to mend."""
        return not (self.damaged_takes or self.found_takes or self.damaged_masters or self.damaged_voices)

    def describe(self) -> list[str]:
        """The findings, each as a line for a person."""
        if self.ok:
            found = f"{counted(self.takes, 'take')}, {counted(self.masters, 'master')}"
            return [f"{found} and {counted(self.voices, 'added voice')} are sound"]
        counts = (
            (len(self.damaged_takes), f"of {self.takes} takes are gone or damaged"),
            (len(self.damaged_masters), f"of {self.masters} masters are gone or damaged"),
            (len(self.found_takes), "lost takes have their files back"),
        )
        return [f"{count} {what}" for count, what in counts if count] + [fault for _, fault in self.damaged_voices]


@dataclass(frozen=True)
class Rebuilt:
    """What was made of the files of a store."""

    files: int
    damaged: int
    takes: int  # whose rows are there now


def verify(services: Services) -> Health:
    """Reads all takes, masters and added voices, of all books, and compares them with what was written.

    Raises `StoreUnavailableError`, `DatabaseError`.
    """
    store = services.store
    with services.database.snapshot() as uow:
        takes = uow.takes.audio()
        lost = uow.takes.audio(lost=True)
        masters = uow.masters.audio()
        voices = uow.voices.list()
    return Health(
        takes=len(takes),
        masters=len(masters),
        voices=len(voices),
        damaged_takes=tuple(key for key, address in takes.items() if not store.is_whole(address)),
        found_takes=tuple(key for key, address in lost.items() if store.is_whole(address)),
        damaged_masters=tuple(key for key, address in masters.items() if not store.is_whole(address)),
        damaged_voices=tuple((voice.name, fault) for voice in voices if (fault := _fault(voice, store))),
    )


def repair(services: Services, health: Health) -> Health:
    """Mends what `verify` found, as far as that can be done without speaking, and looks again.

    Takes become lost, or are found again; masters are forgotten: the next run of their books makes them. Voices are
    made again from their clips. What remains in the result is for a person to mend.
    """
    for name, _ in health.damaged_voices:
        _enrol_again(services, name)
    with services.database.unit_of_work() as uow:
        uow.takes.mark_lost(health.damaged_takes)
        uow.takes.mark_found(health.found_takes)
        uow.masters.forget(health.damaged_masters)
        uow.commit()
    return verify(services)


def rebuild(services: Services) -> Rebuilt:
    """Makes rows of all takes whose files in the store say what they are; rows that are there stay as they are.

    Makes the database, if there is none. Books, voices, runs and editions are not in the store: adding the same voice
    and making the same book again finds the takes. Raises `StoreUnavailableError`, `DatabaseError`.
    """
    Database(services.settings.storage.database).close()  # the one place that makes a database beside a library's store
    store = services.store
    files = 0
    damaged = 0
    takes = 0

    def readable() -> Iterator[Take]:
        nonlocal files, damaged
        for address in store.addresses():
            files += 1
            if not store.is_whole(address):
                damaged += 1
                continue
            with store.open(address) as file:
                take = read_tags(file, address)
            if take is not None:
                yield take

    waiting = readable()
    while rows := list(islice(waiting, _ROWS_AT_ONCE)):
        with services.database.unit_of_work() as uow:
            uow.takes.add(rows)
            uow.commit()
        takes += len(rows)
    return Rebuilt(files, damaged, takes)


def copy_database(services: Services, url: str) -> dict[str, int]:
    """Copies the library's database into an empty one, see `storage.copying`. Returns the number of rows by table.

    The artifact store stays where it is. Raises `NotFoundError` where there is nothing to copy, `BookBusyError` while
    a run is alive, whose takes would be missing, and as `storage.copying.copy_database`.
    """
    if not services.has_database():
        raise NotFoundError("there is no library yet: nothing was copied")
    require_quiet(services)
    target = Database(url)
    try:
        return storage.copying.copy_database(services.database, target)
    finally:
        target.close()


def _fault(voice: VoiceRecord, store: ArtifactStore) -> str:
    """What is wrong with a voice's latents; empty when nothing is."""
    try:
        check_latents(voice, store)
    except TalepressError as error:
        return str(error)
    return ""


def _enrol_again(services: Services, name: str) -> None:
    """Makes a damaged voice of the configured model again, where its clips are whole. Same clips, same voice."""
    store = services.store
    with services.database.snapshot() as uow:
        voice = uow.voices.find(name, services.front_end.digest)
    if voice is None or not voice.clips or not all(store.is_whole(clip) for clip in voice.clips):
        return  # another model's, or nothing to make it of: its fault stays in the report, with the remedy
    with tempfile.TemporaryDirectory() as folder:
        clips = [Path(folder) / clip for clip in voice.clips]
        for clip in clips:
            clip.write_bytes(store.read(clip.name))
        try:
            enrol_voice(services.engine, store, name, clips, services.settings.voices, voice.description)
        except (StorageError, TalepressError, TortoiseError):
            return  # the same
