"""Publishes one FLAC file per chapter, without loss: the masters as they are, with tags and cover.

There is a file for each chapter because few players find chapters inside a FLAC file, and shops want it so.
This module must not know how masters are made, nor how they are encoded: they are FLAC already.
"""

from __future__ import annotations

import hashlib
import logging
import shutil
from pathlib import Path

import soundfile
from mutagen import MutagenError
from mutagen.flac import FLAC as FlacFile
from mutagen.flac import Picture
from mutagen.id3 import PictureType

from configs.settings import PackageSettings
from storage.artifacts import ArtifactStore
from storage.records import Master
from tasks.errors import TalepressError
from tasks.package.audio.covers import image_type
from tasks.package.audio.encode import BLOCK_SAMPLES, wrong_length
from tasks.package.audio.marks import ChapterMark
from tasks.package.audio.tags import Tags, tagging_errors
from tasks.package.content import EditionContent
from tasks.package.naming import safe_name
from tasks.package.output import Draft, Output
from tasks.package.timeline import AudioFile, HeldChapter

PCM_BYTES_PER_SECOND = 48_000  # 24 kHz, 16 bits, uncompressed: FLAC of speech has about half of it
BLOCK_BYTES = 1 << 24  # RFC 9639, 8.1: a metadata block counts its bytes in 24 bits
MAX_COVER_BYTES = BLOCK_BYTES - 1024  # the rest is for the block's other fields

logger = logging.getLogger(__name__)


def lay_out_flac(content: EditionContent, stem: str) -> tuple[AudioFile, ...]:
    """Lays every chapter into a file of its own; see `Output.lay_out`."""
    chapters = content.timeline.chapters
    digits = max(2, len(str(len(chapters))))
    folder = Path(f"{stem}{FLAC.suffix}")
    return tuple(
        AudioFile(
            FLAC.kind,
            folder / f"{position + 1:0{digits}d} {safe_name(chapter.title)}.flac",
            chapter.samples,
            (HeldChapter(position, 0),),
        )
        for position, chapter in enumerate(chapters)
    )


def write_flac(draft: Draft) -> tuple[Path, ...]:
    """Writes `TITLE (FLAC)/01 CHAPTER.flac` and so on; see `Output.write`."""
    content = draft.content
    folder = draft.folder / f"{draft.stem}{FLAC.suffix}"
    folder.mkdir()
    cover = _picture(content.tags)
    if cover is None and content.tags.cover is not None:
        logger.warning("%s: the cover has more than 16 MiB and is left out of the FLAC files", content.tags.title)
    paths = []
    for number, (master, mark) in enumerate(zip(content.masters, content.marks, strict=True), start=1):
        path = draft.folder / draft.audio_of(FLAC.kind)[number - 1].path
        with draft.store.open(master.audio_sha256) as source, path.open("wb") as target:
            shutil.copyfileobj(source, target)
        with tagging_errors(path):
            file = FlacFile(path)
            file.update(_comments(content.tags, mark, number, len(content.marks)))
            if cover is not None:
                file.add_picture(cover)
            file.save()
        paths.append(path)
    return tuple(paths)


def _comments(tags: Tags, mark: ChapterMark, number: int, count: int) -> dict[str, list[str]]:
    """Makes the Vorbis comments of a chapter, named as players and audiobook libraries look for them."""
    comments = {
        "TITLE": mark.title,
        "ALBUM": tags.title,
        "ARTIST": tags.author,
        "ALBUMARTIST": tags.author,
        "COMPOSER": tags.narrator,  # audiobook libraries read the composer as the narrator
        "NARRATOR": tags.narrator,
        "TRACKNUMBER": str(number),
        "TRACKTOTAL": str(count),
        "NARRATION": tags.narration,
        "DATE": tags.year,
        "DESCRIPTION": tags.description,
        "PUBLISHER": tags.publisher,
        "LANGUAGE": tags.language,
        "ISBN": tags.isbn,
        "ASIN": tags.asin,
        "IDENTIFIERS": "; ".join(tags.identifiers),
        "SUBTITLE": tags.subtitle,
        "ALBUMSORT": tags.sort_title,
        "ARTISTSORT": tags.sort_author,
        "ALBUMARTISTSORT": tags.sort_author,
        "COPYRIGHT": tags.rights,
        "SERIES": tags.series,
        "SERIES-PART": tags.series_part,
        "ENCODED-BY": "Talepress",
    }
    return {"GENRE": list(tags.genres), **{name: [text] for name, text in comments.items() if text}}


def _picture(tags: Tags) -> Picture | None:
    """Makes the metadata block of the front cover; None when there is no cover, or one too large for a block."""
    if tags.cover is None or len(tags.cover) > MAX_COVER_BYTES:
        return None
    picture = Picture()
    picture.type = PictureType.COVER_FRONT
    picture.mime = image_type(tags.cover)
    picture.data = tags.cover
    return picture


def check_flac(draft: Draft, paths: tuple[Path, ...]) -> None:
    """Decodes every file and compares it with its master, then reads tags and cover; see `Output.check`."""
    content = draft.content
    cover = _picture(content.tags)
    for number, (path, master, mark) in enumerate(zip(paths, content.masters, content.marks, strict=True), start=1):
        try:
            file = FlacFile(path)
            decoded_md5 = _decoded_md5(path)
        except (MutagenError, soundfile.SoundFileError) as error:
            raise TalepressError(
                f"{path}: was written, but cannot be read back ({error}); run the same command again"
            ) from error
        if file.info.total_samples != master.samples:
            raise TalepressError(wrong_length(master, file.info.total_samples))
        if decoded_md5 != _master_md5(draft.store, master):
            raise TalepressError(
                f"{path}: holds other samples than the master of {master.title!r}; run the same command again"
            )
        comments = _comments(content.tags, mark, number, len(content.marks))
        if any(file.get(name) != texts for name, texts in comments.items()):
            raise TalepressError(f"{path}: the tags did not read back; run the same command again")
        if [picture.data for picture in file.pictures] != ([] if cover is None else [cover.data]):
            raise TalepressError(f"{path}: the cover did not read back; run the same command again")


def _decoded_md5(path: Path) -> int:
    """Decodes a file. Returns the MD5 of its samples as RFC 9639, 8.2 counts it: 16-bit little-endian PCM."""
    digest = hashlib.md5(usedforsecurity=False)
    with soundfile.SoundFile(path) as file:
        for block in file.blocks(BLOCK_SAMPLES, dtype="int16"):
            digest.update(block.astype("<i2").tobytes())
    return int.from_bytes(digest.digest(), "big")


def _master_md5(store: ArtifactStore, master: Master) -> int:
    """Reads the MD5 of a master's samples, which its encoder wrote into its header."""
    with store.open(master.audio_sha256) as source:
        return FlacFile(fileobj=source).info.md5_signature


def _forecast_bytes(seconds: float, _settings: PackageSettings) -> float:
    return seconds * PCM_BYTES_PER_SECOND


FLAC = Output(
    kind="flac",
    suffix=" (FLAC)",
    write=write_flac,
    check=check_flac,
    forecast_bytes=_forecast_bytes,
    lay_out=lay_out_flac,
)
