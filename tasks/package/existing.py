"""Looks at what an older edition left in a folder: whose its name is, and which of its files are outdated.

Manifests found there may come from strangers, so nothing in them leads outside the edition's own files.
It must not know how an edition is written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

from pydantic import BaseModel, ValidationError

from tasks.package.naming import safe_name
from tasks.package.output import Output
from tasks.package.outputs.manifest import MANIFEST


class _ListedBook(BaseModel):
    source_sha256: str


class _ListedFile(BaseModel):
    kind: str
    file: str


class _Manifest(BaseModel):
    """What counts here of a manifest that lies in a folder."""

    book: _ListedBook
    files: list[_ListedFile] = []


def edition_stem(folder: Path, title: str, source_sha256: str, outputs: Iterable[Output]) -> str:
    """Names a book's edition in a folder; the outputs put their suffixes behind it.

    The name is the title. An older edition of the same book is replaced. Where files of that name belong to something
    else, the name gets the start of the book's sha256, so that they stay.
    """
    stem = safe_name(title)
    if not any((folder / f"{stem}{output.suffix}").exists() for output in outputs):
        return stem
    older = _read_manifest(folder, stem)
    if older is not None and older.book.source_sha256 == source_sha256:
        return stem
    return f"{stem} [{source_sha256[:8]}]"


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
    older = _read_manifest(folder, stem)
    if older is None:
        return []
    places = {output.kind: (folder / f"{stem}{output.suffix}").resolve() for output in outputs}
    outdated = []
    for listed in older.files:
        path = folder / listed.file
        if listed.kind not in places or listed.file in new or not path.is_file():
            continue
        if path.resolve().is_relative_to(places[listed.kind]):
            outdated.append(path)
    return outdated


def _read_manifest(folder: Path, stem: str) -> _Manifest | None:
    """Reads the manifest of an edition. Returns None when there is none, or it is not a manifest."""
    try:
        return _Manifest.model_validate_json((folder / f"{stem}{MANIFEST.suffix}").read_bytes())
    except (OSError, ValidationError):
        return None
