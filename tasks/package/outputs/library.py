"""Publishes a book as audiobook libraries (Audiobookshelf) read it: folders, an M4B, metadata.json, the cover.

The audio is that of the kind "m4b", encoded once. There is one rendition in the folder: a library takes all audio files
of a folder for tracks of one book. This module must not know how a library is reached: `talepress push` does.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from configs.publish_profiles import publish_profile
from tasks.errors import TalepressError
from tasks.package.audio.covers import JPEG, image_type
from tasks.package.audio.formats import bytes_per_second
from tasks.package.content import EditionContent
from tasks.package.naming import safe_name
from tasks.package.output import Draft, Output
from tasks.package.outputs.audio_files import (
    MASTER_RATE,
    PlannedFile,
    check_planned,
    plan_files,
    write_planned,
)

KIND = "library"
METADATA = "metadata.json"


def library_folder(content: EditionContent) -> Path:
    """Names the book's folder: `Author/Series/2 - Title`, without what the book does not have."""
    tags = content.tags
    title = f"{tags.series_part} - {tags.title}" if tags.series and tags.series_part else tags.title
    parts = [tags.author or "Unknown author", *([tags.series] if tags.series else []), title]
    return Path(*(safe_name(part) for part in parts))


def plan_library(content: EditionContent, stem: str) -> tuple[PlannedFile, ...]:
    """Plans the audio files, as `plan_files` does, in the book's folder."""
    folder = Path(f"{stem}{LIBRARY.suffix}") / library_folder(content)
    planned = plan_files(KIND, content, stem)
    name = safe_name(content.tags.title)
    names = [f"{name}.m4b"]
    if len(planned) > 1:
        names = [f"{name} (part {number} of {len(planned)}).m4b" for number in range(1, len(planned) + 1)]
    return tuple(
        replace(one, file=replace(one.file, path=folder / own)) for one, own in zip(planned, names, strict=True)
    )


def metadata_of(content: EditionContent) -> dict[str, object]:
    """Makes metadata.json: what the library shows, whatever it would guess from tags and folders."""
    tags = content.tags
    rate = content.sample_rate
    series = f"{tags.series} #{tags.series_part}" if tags.series and tags.series_part else tags.series
    return {
        "title": tags.title,
        "subtitle": tags.subtitle or None,
        "authors": list(content.book.authors),
        "narrators": [tags.narrator],
        "series": [series] if series else [],
        "genres": list(tags.genres),
        "tags": [tags.narration],
        "publishedYear": tags.year or None,
        "publisher": tags.publisher or None,
        "description": tags.description,
        "isbn": tags.isbn or None,
        "asin": tags.asin or None,
        "language": tags.language or None,
        "explicit": False,
        "abridged": False,
        "chapters": [
            {
                "id": number,
                "start": round(mark.start_sample / rate, 3),
                "end": round(mark.end_sample / rate, 3),
                "title": mark.title,
            }
            for number, mark in enumerate(content.marks)
        ],
    }


def _write(draft: Draft) -> tuple[Path, ...]:
    content = draft.content
    audio = write_planned(plan_library(content, draft.stem), publish_profile(KIND, content.settings), draft)
    return (*audio, *(_put(path, data) for path, data in _others(draft).items()))


def _check(draft: Draft, paths: tuple[Path, ...]) -> None:
    content = draft.content
    check_planned(plan_library(content, draft.stem), paths, publish_profile(KIND, content.settings), draft)
    for path, data in _others(draft).items():
        if path not in paths or path.read_bytes() != data:
            raise TalepressError(f"{path}: did not read back as it was written; run the same command again")


def _others(draft: Draft) -> dict[Path, bytes]:
    """The files beside the audio, with what is in them."""
    folder = draft.folder / f"{draft.stem}{LIBRARY.suffix}" / library_folder(draft.content)
    files = {folder / METADATA: (json.dumps(metadata_of(draft.content), ensure_ascii=False, indent=1) + "\n").encode()}
    cover = draft.content.tags.cover
    if cover is not None:
        files[folder / f"cover.{'jpg' if image_type(cover) == JPEG else 'png'}"] = cover
    return files


def _put(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


LIBRARY = Output(
    kind=KIND,
    suffix=" (library)",
    write=_write,
    check=_check,
    forecast_bytes=lambda seconds, settings: seconds * bytes_per_second(publish_profile(KIND, settings), MASTER_RATE),
    recordings=lambda content: tuple(planned.recording for planned in plan_library(content, "")),
    lay_out=lambda content, stem: tuple(replace(planned.file, kind=KIND) for planned in plan_library(content, stem)),
    shape=lambda settings: publish_profile(KIND, settings).shape(),
)
