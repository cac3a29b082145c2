"""`talepress clean`: what takes how much room in the data folder, and what of it can go.

Knows nothing of how it is shown, nor of Prefect.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from flows.actions.box import read_note
from flows.services import Services
from storage.artifacts import StoredFile
from storage.errors import BookBusyError
from storage.records import RunState
from tasks.errors import BadInputError

DAY_SECONDS = 24 * 3600.0  # a run stores audio before its row: younger files may be in somebody's hands
TAKES = "takes"
CHAPTERS = "chapters"
RUNS = "runs"
LEFT = "left"
REMOVABLE = {
    TAKES: "takes that no book asks for now: of other voices, presets and texts",
    CHAPTERS: "finished chapters, which the next run of their book makes again of the takes",
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
                (REMOVABLE[CHAPTERS], frozenset(uow.masters.audio().values()), CHAPTERS),
                ("voices", uow.references.voices(), ""),
                ("book files, for read-alongs", uow.references.books(), ""),
            )
        for what, addresses, remove in kinds:
            counted.append(_room(what, (files.pop(address) for address in addresses if address in files), remove))
        old = [file for file in files.values() if file.age_s > DAY_SECONDS]
        young = [file for file in files.values() if file.age_s <= DAY_SECONDS]
        counted.append(_room("files that nothing refers to", old, LEFT))
        counted.append(_room("the same, of the last day: a run may have them in hand", young, ""))
    counted.append(_sizes("the database and its backups", folder.glob("*.db*")))
    counted.append(_folder("models", folder / "models"))
    counted.append(_folder(REMOVABLE[RUNS], folder / "prefect", RUNS))
    counted.append(_folder("files in the making, of runs that were killed", folder / "work", LEFT))
    counted.append(_folder("encoded audio that was not published, of runs that were stopped", folder / "encoded", LEFT))
    return tuple(counted)


def going(services: Services, kinds: Collection[str]) -> tuple[Room, ...]:
    """Counts what `remove` would remove, kind by kind, those without any file left out. Reads only.

    Raises `BadInputError` for a word that is not in `REMOVABLE`, `BookBusyError` while a run is alive, and as `rooms`.
    """
    unknown = sorted(set(kinds) - set(REMOVABLE))
    if unknown:
        raise BadInputError(f"--remove {unknown[0]}: what can go is {', '.join(REMOVABLE)}")
    home = services.settings.storage.folder
    if RUNS in kinds and read_note(home) is not None:
        raise BadInputError("`talepress up` runs, and Prefect's server with it: `talepress down` ends it first")
    if services.has_database():
        require_quiet(services)
    return tuple(room for room in rooms(services) if room.remove in kinds and room.files)


def remove(services: Services, kinds: Collection[str]) -> int:
    """Removes what the kinds name. Of what nothing refers to, files of the last day stay.

    Returns how many bytes that were. Raises as `going`, and `OSError`.
    """
    before = sum(room.bytes for room in going(services, kinds))
    if services.has_database():
        _remove_artifacts(services, kinds)
    folder = services.settings.storage.folder
    if RUNS in kinds:
        shutil.rmtree(folder / "prefect", ignore_errors=True)
    if LEFT in kinds:
        shutil.rmtree(folder / "work", ignore_errors=True)
        shutil.rmtree(folder / "encoded", ignore_errors=True)
    return before - sum(room.bytes for room in going(services, kinds))


def _remove_artifacts(services: Services, kinds: Collection[str]) -> None:
    """Forgets rows before their files: a file without a row is only room, a row without its file a loss."""
    if TAKES in kinds:
        with services.database.unit_of_work() as uow:
            takes = uow.references.other_takes()
            uow.references.forget_takes(takes)
            uow.commit()
        _remove_files(services, takes)
    if CHAPTERS in kinds:
        with services.database.unit_of_work() as uow:
            masters = uow.masters.audio()
            uow.masters.forget(masters)
            uow.commit()
        _remove_files(services, masters.values())
    if LEFT in kinds:
        files = tuple(services.store.files())
        with services.database.snapshot() as uow:
            known = uow.references.all()
        old = (file.address for file in files if file.age_s > DAY_SECONDS)
        _remove_files(services, (address for address in old if address not in known))


def _remove_files(services: Services, addresses: Iterable[str]) -> None:
    for address in addresses:
        services.store.remove(address)


def require_quiet(services: Services) -> None:
    """Raises `BookBusyError` while a living process works on any book."""
    with services.database.snapshot() as uow:
        for book in uow.books.summaries():
            if book.last_run_state is RunState.RUNNING and uow.runs.of(book.source_sha256)[0].is_under_way:
                raise BookBusyError(f"another process works on {book.title!r}: wait for it or stop it")


def _room(what: str, files: Iterable[StoredFile], remove: str) -> Room:
    sizes = [file.bytes for file in files]
    return Room(what, len(sizes), sum(sizes), remove)


def _folder(what: str, folder: Path, remove: str = "") -> Room:
    return _sizes(what, folder.rglob("*"), remove)


def _sizes(what: str, paths: Iterable[Path], remove: str = "") -> Room:
    sizes = [path.stat().st_size for path in paths if path.is_file()]
    return Room(what, len(sizes), sum(sizes), remove)
