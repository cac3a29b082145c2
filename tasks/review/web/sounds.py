"""Sends sounds by their keys, in parts, so that browsers can seek: takes, chapters, and a take between its neighbours.

A name is a content key, so what it stands for never changes, and no path ever comes from a browser. Must not know what
is said in a sound, nor who may hear it.
"""

from __future__ import annotations

import io
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import soundfile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from configs.settings import MasterSettings, StitchSettings
from storage.artifacts import ArtifactStore
from storage.database import Database
from storage.errors import IncompleteError, NotFoundError
from storage.records import ChosenTake, Master
from tasks.master.master_key import master_key
from tasks.review.sound import outline_of
from tasks.stitch.assemble import stitch_chapter

FLAC = "audio/flac"
FOR_EVER = {"Cache-Control": "private, max-age=31536000, immutable", "Accept-Ranges": "bytes"}
PEAKS = 400  # pairs of a waveform
AROUND_S = 2.0  # of the chapter that is heard before and after a sentence
_PIECE_BYTES = 1 << 16
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def send_take(request: Request, database: Database, store: ArtifactStore, key: str) -> Response:
    """Sends the FLAC file of a take. Raises `NotFoundError`, `StorageError`."""
    with database.snapshot() as uow:
        address = uow.takes.get(key).audio_sha256
    return _send_artifact(request, store, address)


def send_master(request: Request, database: Database, store: ArtifactStore, key: str) -> Response:
    """Sends the FLAC file of a chapter. Raises `NotFoundError`, `StorageError`."""
    with database.snapshot() as uow:
        address = uow.masters.address(key)
    return _send_artifact(request, store, address)


def send_peaks(database: Database, store: ArtifactStore, key: str) -> Response:
    """Sends the waveform of a take: the extremes of `PEAKS` stretches in turn, as a drawing needs them, and seconds."""
    with database.snapshot() as uow:
        take = uow.takes.get(key)
    audio, _ = soundfile.read(io.BytesIO(store.read(take.audio_sha256)), dtype="float32")
    peaks = [round(extreme, 3) for pair in outline_of(audio, PEAKS) for extreme in pair]
    return JSONResponse({"peaks": peaks, "seconds": take.seconds}, headers=FOR_EVER)


def send_between(
    request: Request,
    database: Database,
    store: ArtifactStore,
    settings: StitchSettings,
    source: str,
    key: str,
    place: tuple[int, int],
) -> Response:
    """Sends a take between the sentences before and after it in their takes, with the pauses of the book.

    Raises `NotFoundError` where the sentence has no such take, `StorageError`.
    """
    with database.snapshot() as uow:
        take = uow.takes.get(key)
        heard = [uow.reviews.at(source, (place[0], place[1] + step)) for step in (-1, 0, 1)]
    here = heard[1]
    if here is None or here.key != take.utterance_key:
        raise NotFoundError(f"sentence {place[0] + 1}:{place[1] + 1} has no such take: load the page again")
    takes = [item.take if item is not here else take for item in heard if item is not None]
    utterances = [item.utterance for item in heard if item is not None]
    cues = [ChosenTake(u, t) for u, t in zip(utterances, takes, strict=True) if t is not None]
    short = settings.model_copy(update={"head_s": 0.0, "tail_s": 0.0})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "between.flac"
        stitch_chapter(store, cues, short, path)
        data = path.read_bytes()
    sent = _send(request, len(data), lambda: io.BytesIO(data), key)
    sent.headers["Cache-Control"] = "no-store"  # the neighbours may be spoken again
    return sent


def find_in_master(
    database: Database, stitch: StitchSettings, master: MasterSettings, source: str, place: tuple[int, int]
) -> tuple[str, float, float] | None:
    """Finds a sentence in its mastered chapter: the chapter's key, and from when to when to listen, in seconds.

    None where the chapter is not mastered with the takes that are in use.
    """
    with database.snapshot() as uow:
        try:
            key = master_key(uow.takes.chosen(source, place[0]), stitch, master)
        except IncompleteError:
            return None
        found: Master | None = uow.masters.find(key, source, place[0])
    for placed in found.placed if found else ():
        if placed.utterance.index == place[1]:
            assert found is not None
            rate = found.sample_rate
            return key, max(0.0, placed.start_sample / rate - AROUND_S), placed.end_sample / rate + AROUND_S
    return None


def _send_artifact(request: Request, store: ArtifactStore, address: str) -> Response:
    if request.headers.get("range", "bytes=0-").startswith("bytes=0-"):  # what is heard begins here; jumps come later
        store.verify(address)
    with store.open(address) as file:
        size = file.seek(0, io.SEEK_END)
    return _send(request, size, lambda: store.open(address), address)


def _send(request: Request, size: int, open_file: Callable[[], BinaryIO], tag: str) -> Response:
    """Sends a file whole, or the one part that the browser asks for (RFC 9110, section 14)."""
    headers = {**FOR_EVER, "ETag": f'"{tag}"'}
    asked = _RANGE.fullmatch(request.headers.get("range", ""))
    if asked is None or asked[0] == "bytes=-":
        start = 0
        end = size
    elif asked[1]:
        start = int(asked[1])
        end = min(size, int(asked[2]) + 1) if asked[2] else size
    else:
        start = max(0, size - int(asked[2]))
        end = size
    if start >= end:
        return Response(status_code=416, headers={**headers, "Content-Range": f"bytes */{size}"})
    headers["Content-Length"] = str(end - start)
    is_part = asked is not None and asked[0] != "bytes=-"
    if is_part:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    pieces = _pieces(open_file, start, end)
    return StreamingResponse(pieces, 206 if is_part else 200, headers, FLAC)


def _pieces(open_file: Callable[[], BinaryIO], start: int, end: int) -> Iterator[bytes]:
    with open_file() as file:
        file.seek(start)
        while start < end and (piece := file.read(min(_PIECE_BYTES, end - start))):
            start += len(piece)
            yield piece
