"""Looks at the editions that lie in a folder: what their manifests say of them, and which of their files are there.

Manifests found there may come from strangers, so nothing in them leads outside the edition's own files.
It must not know how an edition is written, nor which name a new one gets.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from glob import escape
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from tasks.package.output import Output
from tasks.package.outputs.manifest import MANIFEST

PLACING_SUFFIX = ".placing"


class _ListedBook(BaseModel):
    source_sha256: str


class _HeldChapter(BaseModel):
    position: int
    add: int
    first: int = 0
    end: int | None = None


class ListedFile(BaseModel):
    """What a manifest says of a file."""

    kind: str = "m4b"  # in the section `audiobook` of format 1, which did not say it
    file: str
    sha256: str = ""
    bytes: int = 0
    audio: str = ""  # the key of the encoded audio
    samples: int = 0
    chapters: list[_HeldChapter] = []


class _ListedName(BaseModel):
    name: str = ""
    digest: str = ""
    sampling: Mapping[str, Any] = {}  # of a model


class _ListedUtterance(BaseModel):
    take: str = ""


class _ListedChapter(BaseModel):
    title: str = ""
    master_sha256: str = ""
    utterances: list[_ListedUtterance] = []


class ListedEdition(BaseModel):
    """What counts here of a manifest that lies in a folder."""

    book: _ListedBook
    audiobook: ListedFile | None = None  # in format 1
    files: list[ListedFile] = []
    voice: _ListedName = _ListedName()
    model: _ListedName = _ListedName()
    chapters: list[_ListedChapter] = []

    @property
    def takes(self) -> list[str]:
        """The keys of its takes, in reading order."""
        return [utterance.take for chapter in self.chapters for utterance in chapter.utterances]


@dataclass(frozen=True)
class FoundEdition:
    """An edition in a folder, of which at least the manifest is there."""

    folder: Path
    stem: str
    listed: ListedEdition

    def files(self, outputs: Iterable[Output]) -> Iterator[tuple[ListedFile, Path]]:
        """Lists its files of the given outputs that are there. What a stranger's manifest names elsewhere is none."""
        places = {
            output.kind: [(self.folder / name).resolve() for name in output.names(self.stem)] for output in outputs
        }
        audiobook = [self.listed.audiobook] if self.listed.audiobook is not None else []
        for file in (*audiobook, *self.listed.files):
            path = self.folder / file.file
            if path.is_file() and any(path.resolve().is_relative_to(place) for place in places.get(file.kind, ())):
                yield file, path

    def is_gone(self, outputs: Iterable[Output]) -> bool:
        """Tells whether somebody has moved or deleted all files that the manifest lists."""
        listed = self.listed.files or self.listed.audiobook
        return bool(listed) and not list(self.files(outputs))

    def is_changed(self, outputs: Iterable[Output]) -> bool:
        """Tells whether somebody has changed a file since it was published. One that is gone is not changed.

        Where a run was killed while it put new files in place of older ones, those are still its own.
        """
        if placing_mark(self.folder, self.stem).exists():
            return False
        return any(file.sha256 and file_sha256(path) != file.sha256 for file, path in self.files(outputs))


def find_editions(folder: Path, stem: str, source_sha256: str = "") -> dict[str, FoundEdition]:
    """Finds the editions of a book in a folder whose names begin with `stem`, by name, that name itself first.

    Those of all books where no `source_sha256` is given.
    """
    names = {path.name.removesuffix(MANIFEST.suffix) for path in folder.glob(f"{escape(stem)}*{MANIFEST.suffix}")}
    found = {name: read_manifest(folder, name) for name in sorted(names, key=lambda name: (name != stem, name))}
    return {
        name: FoundEdition(folder, name, listed)
        for name, listed in found.items()
        if listed is not None and source_sha256 in ("", listed.book.source_sha256)
    }


def outdated_files(folder: Path, stem: str, outputs: Iterable[Output], new: Collection[str]) -> list[Path]:
    """Finds the files that the older edition has and the new one does not.

    Args:
        folder: where both editions are.
        stem: the name of both editions.
        outputs: those of the new edition; files of other outputs are not outdated.
        new: the files of the new edition, relative to the folder.

    Returns:
        Files that the older manifest lists and that are among the edition's own.
    """
    listed = read_manifest(folder, stem)
    if listed is None:
        return []
    return [path for file, path in FoundEdition(folder, stem, listed).files(outputs) if file.file not in new]


def read_manifest(folder: Path, stem: str) -> ListedEdition | None:
    """Reads the manifest of an edition. Returns None when there is none, or it is not a manifest."""
    try:
        text = (folder / f"{stem}{MANIFEST.suffix}").read_bytes()
        return ListedEdition.model_validate(json.loads(text, object_hook=_what_counts))
    except (OSError, ValueError, RecursionError):
        return None


def _what_counts(values: dict[str, Any]) -> dict[str, Any]:
    """Drops the words and times of an utterance as soon as it is read: a long book's take hundreds of megabytes."""
    is_utterance = "spoken" in values
    return {name: values[name] for name in _ListedUtterance.model_fields if name in values} if is_utterance else values


def placing_mark(folder: Path, stem: str) -> Path:
    """The file that lies beside an edition while its files are put in place, and stays there if that is cut short."""
    return folder / f".{stem}{PLACING_SUFFIX}"


def file_sha256(path: Path) -> str:
    """The sha256 of a file's bytes, 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
