"""Chooses where an edition goes: under the book's name, or under one that says how it differs from what lies there.

A finished audiobook is not replaced by another one unless that was asked for; what is not ours is never replaced.
It must not know how an edition is written, or what is in its files.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from enum import StrEnum
from itertools import count
from pathlib import Path

from storage.records import EditionFile
from tasks.package.content import EditionContent
from tasks.package.existing import (
    FoundEdition,
    ListedEdition,
    ListedFile,
    file_sha256,
    find_editions,
    read_manifest,
)
from tasks.package.naming import fill_template, with_reason
from tasks.package.output import Output
from tasks.package.outputs.manifest import MANIFEST
from tortoise_core.inference.interface import sampling_values


class Replace(StrEnum):
    """Which edition of the same book may be replaced, besides one that has the same audio."""

    NONE = "none"
    SAME_READING = "same reading"  # of the same chapters by the same voice, model and preset, as it was published
    ANY = "any"


def find_place(out: Path, content: EditionContent, outputs: Sequence[Output], replace: Replace) -> tuple[Path, str]:
    """Chooses folder and name of an edition. Reads only.

    Args:
        out: the folder that editions go to; `package.name` may name folders in it.
        content: what the edition is made of.
        outputs: its outputs, which put their suffixes behind the name.
        replace: what may be replaced. With `ANY` that is an edition of the same reading where there is one, else
            the one that has the book's name.

    Returns:
        The folder and the name: where an edition with the same audio lies, or one that may be replaced; else the first
        free name of: the book's, the book's with what is different in brackets, and the same with a number.
    """
    folder, stem = _own_name(out, content, outputs)
    found = find_editions(folder, stem, content.book.source_sha256)
    for name, edition in found.items():
        if has_same_audio(edition.listed, content) and not edition.is_changed(outputs):
            return folder, name
    if replace is not Replace.NONE:
        for name, edition in found.items():
            unchanged = replace is Replace.ANY or not edition.is_changed(outputs)
            if unchanged and not _other_reading(edition.listed, content):
                return folder, name
    if replace is Replace.ANY and stem in found:
        return folder, stem
    reason = _reason(found[stem].listed, content) if stem in found else ""
    numbered = (with_reason(stem, f"{reason} {number}".strip()) for number in count(2))
    for name in (stem, with_reason(stem, reason)):
        if _is_free(folder, name, outputs, found.get(name), content.written):
            return folder, name
    return folder, next(name for name in numbered if _is_free(folder, name, outputs, found.get(name)))


def files_beside(folder: Path, stem: str, content: EditionContent, outputs: Sequence[Output]) -> tuple[ListedFile, ...]:
    """Lists files of other outputs that an earlier edition with the same audio has under the same name, unchanged.

    Args:
        folder: where both editions are.
        stem: the name of both.
        content: what the new edition is made of.
        outputs: all that there are and the new edition does not have.
    """
    listed = read_manifest(folder, stem)
    if listed is None or not has_same_audio(listed, content):
        return ()
    files = FoundEdition(folder, stem, listed).files(outputs)
    return tuple(file for file, path in files if file_sha256(path) == file.sha256)


def published_audio(out: Path, content: EditionContent, outputs: Sequence[Output]) -> dict[str, Path]:
    """Finds audio of that title that is published already and as it was written: files by the key of their audio."""
    return {file.audio: place for file, place in published_files(out, content, outputs) if file.audio}


def published_files(out: Path, content: EditionContent, outputs: Sequence[Output]) -> Iterator[tuple[ListedFile, Path]]:
    """Finds files of that title that are published already and as they were written.

    They may be those of an earlier state of the book file: chapters that did not change sound the same.

    Args:
        out: the folder that editions go to.
        content: the book; it needs no masters.
        outputs: whose files are looked at.
    """
    path = out / fill_template(content.settings.name, content.name_fields)
    found = find_editions(path.parent, path.name)
    for edition in found.values():
        for file, place in edition.files(outputs):
            if file_sha256(place) == file.sha256:
                yield file, place


def kept_files(
    out: Path, content: EditionContent, outputs: Sequence[Output], own: Sequence[EditionFile]
) -> tuple[Path, ...]:
    """Lists the files (or folders of them) under the book's own name that the edition has stepped aside for.

    Args:
        out: the folder that editions go to.
        content: what the edition is made of.
        outputs: its outputs.
        own: the edition's files.
    """
    path = out / fill_template(content.settings.name, content.name_fields)
    names = [name for output in outputs if output is not MANIFEST for name in output.names(path.name)]
    places = [path.parent / name for name in names]
    return tuple(
        place
        for place in places
        if os.path.lexists(place) and not any(Path(file.path).is_relative_to(place) for file in own)
    )


def has_same_audio(listed: ListedEdition, content: EditionContent) -> bool:
    """Tells whether an edition in a folder is the content's reading, sample for sample."""
    masters = [chapter.master_sha256 for chapter in listed.chapters]
    return masters == [master.audio_sha256 for master in content.masters] and not _other_reading(listed, content)


def _own_name(out: Path, content: EditionContent, outputs: Sequence[Output]) -> tuple[Path, str]:
    """Folder and name as the settings say; with the start of the book's sha256 where the name is something else's."""
    path = out / fill_template(content.settings.name, content.name_fields)
    source = content.book.source_sha256
    taken = any(_lies(path.parent, path.name, output, content.written) for output in outputs)
    if not taken or path.name in find_editions(path.parent, path.name, source):
        return path.parent, path.name
    return path.parent, f"{path.name} [{source[:8]}]"


def _is_free(
    folder: Path,
    name: str,
    outputs: Sequence[Output],
    edition: FoundEdition | None,
    written: Collection[str] = frozenset(),
) -> bool:
    """Tells whether no file has the name, but for the manifest of an edition that somebody has moved or deleted.

    Nor do files count whose sha256 is among those `written` before.
    """
    present = [output for output in outputs if _lies(folder, name, output, written)]
    return not present or (present == [MANIFEST] and edition is not None and edition.is_gone(outputs))


def _lies(folder: Path, name: str, output: Output, written: Collection[str]) -> bool:
    """Tells whether an output's place is taken; a link that leads nowhere takes it too. Not by our own very files."""
    places = [folder / taken for taken in output.names(name) if os.path.lexists(folder / taken)]
    return any(not (place.is_file() and file_sha256(place) in written) for place in places)


def _other_reading(listed: ListedEdition, content: EditionContent) -> list[str]:
    """Says in what the content is another reading than an edition in a folder: chapters, voice, model, preset."""
    labels = []
    titles = [" ".join(chapter.title.split()) for chapter in listed.chapters]
    if titles != [mark.title for mark in content.marks] and (content.chapters or len(titles) != len(content.masters)):
        labels.append(f"chapters {content.chapters}" if content.chapters else "all chapters")
    if listed.voice.name != content.voice.name:
        labels.append(f"read by {content.voice.name}")
    if listed.model.digest != content.model_digest:
        other = listed.model.name != content.model
        labels.append(f"model {content.model}" if other else "another version of the model")
    sampling = sampling_values(content.sampling)
    if any(sampling.get(name) != value for name, value in listed.model.sampling.items() if name in sampling):
        labels.append(f"preset {content.preset}")
    return labels


def _reason(listed: ListedEdition, content: EditionContent) -> str:
    """Says in a few words how the content differs from an edition in a folder; "" where its audio is the same."""
    if has_same_audio(listed, content):
        return ""
    labels = _other_reading(listed, content) or list(content.directions)
    if not labels:
        takes = [placed.take_key for master in content.masters for placed in master.placed]
        labels = ["mastered anew" if listed.takes == takes else "spoken anew"]
    return ", ".join(labels)
