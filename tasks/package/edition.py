"""Publishes an edition: its files appear in the output folder complete, the manifest first, or not at all.

It must not know how takes and masters were made, which run asks, nor what is in any output's files.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from storage.artifacts import ArtifactStore
from storage.records import Edition, EditionFile
from tasks.disk import check_output_folder, output_errors, publish
from tasks.package.audio.ffmpeg import ffmpeg_version
from tasks.package.audio.recordings import EncodedAudio, encode_side_by_side
from tasks.package.audio.signature import signature_mark
from tasks.package.content import EditionContent
from tasks.package.existing import ListedFile, file_sha256, outdated_files, placing_mark
from tasks.package.output import Draft, Output, recover_nothing
from tasks.package.outputs import OUTPUTS, find_outputs
from tasks.package.outputs.manifest import MANIFEST
from tasks.package.place import Replace, files_beside, find_place, published_audio, published_files
from tasks.package.timeline import AudioFile, HeldChapter

# Raise it when equal inputs become other files.
EDITION_FORMAT_VERSION = 3


def edition_key(content: EditionContent) -> str:
    """Returns the sha256 (64 hexadecimal digits) of all that the published files depend on.

    Raises `BadInputError` when the settings name an output that there is not.
    """
    outputs = find_outputs(content.settings.outputs)
    tags = asdict(content.tags)
    tags["cover"] = hashlib.sha256(content.book.cover or b"").hexdigest()
    parts = {
        "version": EDITION_FORMAT_VERSION,
        "book": content.book.source_sha256,
        "tags": tags,
        "masters": [[master.audio_sha256, master.title] for master in content.masters],
        "credits": content.credit_keys,
        "part_hours": content.settings.part_hours,
        "outputs": [[output.kind, output.shape(content.settings)] for output in outputs],
        "ffmpeg": ffmpeg_version(content.settings.ffmpeg),
    }
    if content.decisions:  # the manifest names them; an edition without any keeps the key that it had before there were
        parts["decisions"] = [decision.id for decision in content.decisions]
    if signed_by := signature_mark(content.settings):
        parts["signature"] = signed_by
    if any(output.needs_words for output in outputs):
        parts["timer"] = content.timer
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Published:
    """An edition and the files that it has replaced, which had other bytes."""

    edition: Edition
    replaced: tuple[str, ...]


def publish_edition(
    out: Path,
    store: ArtifactStore,
    content: EditionContent,
    encoded: Path | None = None,
    replacing: Replace = Replace.NONE,
    tell: Callable[[int, int], None] = lambda done, total: None,
) -> Published:
    """Writes the outputs that the settings name, under a name that is free or may be replaced (`find_place`).

    All files are finished, checked and flushed in a working folder beside their place, then renamed into it. The
    manifest goes first: it says whose the names are. A mark lies there until the last file is in place, so that a run
    after a crash in between replaces what it finds.

    Args:
        out: the folder that editions go to; made when there is none.
        store: holds the masters' audio.
        content: what to publish.
        encoded: the folder of audio that is encoded already, and for what is encoded now; the caller may keep it, so
            that nothing of it is lost where this does not get to its end. None: a folder that is deleted.
        replacing: which edition of the same book may be replaced.
        tell: is told how many recordings are encoded, and of how many.

    Raises:
        BadInputError: the settings name an output that there is not.
        OutputError: the folder cannot be written to, or the disk is full. What was there stays as it was.
        TalepressError: ffmpeg failed, a master is not what its record says, or a file does not read back as meant.
    """
    outputs = find_outputs(content.settings.outputs)
    folder, stem = find_place(out, content, outputs, replacing)
    check_output_folder(folder)
    with output_errors(folder), _working_folder(folder / f".{stem}.partial") as working:
        audio = EncodedAudio(encoded or working / "encoded", published_audio(out, content, outputs))
        audio.folder.mkdir(parents=True, exist_ok=True)
        recordings = {one.key: one for output in outputs for one in output.recordings(content)}  # some share theirs
        _recover(audio, recordings, out, content, outputs)
        encode_side_by_side(audio, store, tuple(recordings.values()), tell)
        files = [file for output in outputs for file in output.lay_out(content, stem)]
        beside = files_beside(folder, stem, content, [output for output in OUTPUTS if output not in outputs])
        files += [_audio_file(file) for file in beside if file.samples]
        rows = tuple(EditionFile(file.kind, file.file, file.sha256, file.bytes) for file in beside)
        draft = Draft(working / "files", stem, content, store, audio, tuple(files), rows)
        draft.folder.mkdir()
        for output in outputs:
            draft = _write(draft, output)
        replaced = _put_in_place(draft, folder, outputs)
    edition = Edition(
        files=tuple(replace(file, path=str(folder / file.path)) for file in draft.files),
        seconds=content.seconds,
        chapters=tuple(
            (mark.title, mark.start_sample / content.sample_rate, mark.end_sample / content.sample_rate)
            for mark in content.marks
        ),
    )
    return Published(edition, replaced)


def _recover(
    audio: EncodedAudio, keys: Collection[str], out: Path, content: EditionContent, outputs: Sequence[Output]
) -> None:
    """Takes audio that is still to be encoded out of published files that hold it inside."""
    missing = [key for key in keys if audio.find(key) is None]
    for output in [output for output in outputs if missing and output.recover is not recover_nothing]:
        for _, path in published_files(out, content, [output]):
            output.recover(path, missing, audio.folder)


@contextmanager
def _working_folder(path: Path) -> Iterator[Path]:
    """Makes an empty folder for the length of the block, in place of one that a killed run left."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir()
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _audio_file(listed: ListedFile) -> AudioFile:
    """Says what a manifest says that an audio file holds."""
    held = tuple(HeldChapter(one.position, one.add, one.first, one.end) for one in listed.chapters)
    return AudioFile(listed.kind, Path(listed.file), listed.samples, held, listed.audio)


def _write(draft: Draft, output: Output) -> Draft:
    """Writes and checks the files of one output. Returns the draft with them."""
    paths = output.write(draft)
    output.check(draft, paths)
    written = tuple(
        EditionFile(
            kind=output.kind,
            path=path.relative_to(draft.folder).as_posix(),
            sha256=file_sha256(path),
            bytes=path.stat().st_size,
        )
        for path in paths
    )
    return replace(draft, files=draft.files + written)


def _put_in_place(draft: Draft, folder: Path, outputs: Sequence[Output]) -> tuple[str, ...]:
    """Removes the older edition's files that the new one does not have, then renames the new ones into place.

    Returns the paths of the files, but for the manifest, that are gone or have other bytes than before.
    """
    mark = placing_mark(folder, draft.stem)
    mark.touch()
    outdated = outdated_files(folder, draft.stem, outputs, {file.path for file in draft.files})
    replaced = [folder / file.path for file in draft.files if file.kind != MANIFEST.kind and _differs(folder, file)]
    for path in outdated:
        path.unlink()
    manifest_first = sorted(draft.files, key=lambda file: file.kind != MANIFEST.kind)
    for file in manifest_first:
        publish(draft.folder / file.path, folder / file.path)
    mark.unlink()
    return tuple(str(path) for path in (*replaced, *outdated))


def _differs(folder: Path, file: EditionFile) -> bool:
    """Tells whether a file's place holds other bytes."""
    path = folder / file.path
    return path.is_file() and file_sha256(path) != file.sha256


def is_published(edition: Edition) -> bool:
    """Tells whether all files of an edition are where they were published, byte for byte."""
    return all(Path(file.path).is_file() and file_sha256(Path(file.path)) == file.sha256 for file in edition.files)
