"""`talepress clean`: what takes how much room in the data folder, and what of it can go.

Knows nothing of how it is shown, nor of Prefect.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from flows.services import Services
from storage.artifacts import StoredFile
from storage.errors import BookBusyError
from storage.records import RunState
from tasks.errors import BadInputError

DAY_SECONDS = 24 * 3600.0  # a run stores audio before its row: younger files may be in somebody's hands
TAKES = "takes"
RUNS = "runs"
LEFT = "left"
REMOVABLE = {
    TAKES: "takes that no book asks for now: of other voices, presets and texts",
    RUNS: "what Prefect remembers of runs",
    LEFT: "what nothing refers to, and what killed runs left",
}


@dataclass(frozen=True)
class Room:
    """What one kind of files takes. `remove` is the word of `REMOVABLE` that it goes by; "" if it stays."""

    what: str
    files: int
    bytes: int
    remove: str = ""


def rooms(services: Services) -> tuple[Room, ...]:
    """Counts what the data folder holds, kind by kind. Reads only. Raises `ArtifactError` for a remote store."""
    folder = services.settings.storage.folder
    counted = []
    if services.has_database():
        files = {file.address: file for file in services.store.files()}
        with services.database.snapshot() as uow:
            kinds = (
                ("takes of books", uow.references.asked_takes(), ""),
                (REMOVABLE[TAKES], uow.references.other_takes(), TAKES),
                ("finished chapters", uow.references.masters(), ""),
                ("voices", uow.references.voices(), ""),
            )
        for what, addresses, remove in kinds:
            counted.append(_room(what, (files.pop(address) for address in addresses if address in files), remove))
        counted.append(_room("files that nothing refers to", files.values(), LEFT))
    counted.append(_folder("models", folder / "models"))
    counted.append(_folder(REMOVABLE[RUNS], folder / "prefect", RUNS))
    counted.append(_folder("files in the making, of runs that were killed", folder / "work", LEFT))
    return tuple(counted)


def remove(services: Services, kinds: Collection[str]) -> None:
    """Removes what the kinds name. Of what nothing refers to, files of the last day stay.

    Raises `BadInputError` for a word that is not in `REMOVABLE`, `BookBusyError` while a run is alive, `OSError`.
    """
    unknown = sorted(set(kinds) - set(REMOVABLE))
    if unknown:
        raise BadInputError(f"--remove {unknown[0]}: what can go is {', '.join(REMOVABLE)}")
    if services.has_database():
        _require_quiet(services)
        _remove_artifacts(services, kinds)
    folder = services.settings.storage.folder
    if RUNS in kinds:
        shutil.rmtree(folder / "prefect", ignore_errors=True)
    if LEFT in kinds:
        shutil.rmtree(folder / "work", ignore_errors=True)


def _remove_artifacts(services: Services, kinds: Collection[str]) -> None:
    """Forgets rows before their files: a file without a row is only room, a row without its file a loss."""
    if TAKES in kinds:
        with services.database.unit_of_work() as uow:
            takes = uow.references.other_takes()
            uow.references.forget_takes(takes)
            uow.commit()
        for address in takes:
            services.store.remove(address)
    if LEFT in kinds:
        files = tuple(services.store.files())
        with services.database.snapshot() as uow:
            seen = uow.references
            known = seen.asked_takes() | seen.other_takes() | seen.masters() | seen.voices()
        for file in files:
            if file.address not in known and file.age_s > DAY_SECONDS:
                services.store.remove(file.address)


def _require_quiet(services: Services) -> None:
    """Raises `BookBusyError` while a living process works on any book."""
    with services.database.snapshot() as uow:
        for book in uow.books.summaries():
            if book.last_run_state is RunState.RUNNING and not uow.runs.of(book.source_sha256)[0].interrupted:
                raise BookBusyError(f"another process works on {book.title!r}: wait for it or stop it")


def _room(what: str, files: Iterable[StoredFile], remove: str) -> Room:
    sizes = [file.bytes for file in files]
    return Room(what, len(sizes), sum(sizes), remove)


def _folder(what: str, folder: Path, remove: str = "") -> Room:
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return Room(what, len(sizes), sum(sizes), remove)
