"""Finds out from the manifest beside a published file where nothing is spoken in it.

Must not know what is measured there. A manifest may come from a stranger: what makes no sense in it is passed over.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from pydantic import BaseModel, ValidationError

from tasks.delivery.measure import Span
from tasks.package.outputs.manifest import MANIFEST

MARGIN_S = 0.05  # at either end of a pause, where speech dies away


class _Held(BaseModel):
    position: int
    add: int
    first: int = 0
    end: int | None = None


class _File(BaseModel):
    file: str
    chapters: list[_Held] = []


class _Utterance(BaseModel):
    start_sample: int
    end_sample: int


class _Chapter(BaseModel):
    utterances: list[_Utterance]


class _Manifest(BaseModel):
    sample_rate: int
    files: list[_File]
    chapters: list[_Chapter]


def known_pauses(path: Path) -> tuple[Span, ...]:
    """Lists the pauses inside a published file, in seconds; none where no manifest in reach lists the file."""
    for folder in (path.parent, path.parent.parent):
        for manifest in sorted(folder.glob(f"*{MANIFEST.suffix}")):
            found = _listed(manifest, path.relative_to(folder).as_posix())
            if found:
                return found
    return ()


def _listed(manifest: Path, name: str) -> tuple[Span, ...]:
    try:
        read = _Manifest.model_validate_json(manifest.read_bytes())
    except (OSError, ValidationError):
        return ()
    rate = read.sample_rate
    return tuple(
        (start / rate + MARGIN_S, end / rate - MARGIN_S)
        for file in read.files
        if file.file == name
        for held in file.chapters
        if 0 <= held.position < len(read.chapters)
        for start, end in _gaps(read.chapters[held.position].utterances[held.first : held.end], held.add)
        if rate > 0 and start >= 0 and end - start > 3 * MARGIN_S * rate
    )


def _gaps(utterances: list[_Utterance], add: int) -> Iterator[tuple[int, int]]:
    """Yields the samples between one utterance and the next, counted in the file."""
    for one, following in pairwise(utterances):
        yield one.end_sample + add, following.start_sample + add
