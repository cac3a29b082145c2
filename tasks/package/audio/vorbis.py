"""Chapters and tags as Vorbis comments, in FLAC and Opus files. It must not know books beyond what a label says.

Chapters are comments CHAPTER001 and CHAPTER001NAME, as the Ogg world has them; there can be 999.
"""

from __future__ import annotations

import base64
import logging
import shutil
from pathlib import Path

from mutagen.flac import FLAC, Picture
from mutagen.id3 import PictureType
from mutagen.oggopus import OggOpus

from tasks.package.audio.covers import image_type
from tasks.package.audio.label import Label
from tasks.package.audio.marks import ChapterMark
from tasks.package.audio.tags import tagging_errors

BLOCK_BYTES = 1 << 24  # RFC 9639, 8.1: a metadata block of FLAC counts its bytes in 24 bits
MAX_COVER_BYTES = BLOCK_BYTES - 1024  # the rest is for the block's other fields
MAX_CHAPTERS = 999
PICTURE = "metadata_block_picture"

logger = logging.getLogger(__name__)


def label_flac(audio: Path, path: Path, label: Label) -> None:
    """Copies encoded audio and puts tags before it. Raises `OSError` (disk full) or `TalepressError`."""
    shutil.copyfile(audio, path)
    with tagging_errors(path):
        file = FLAC(path)
        if file.tags is None:
            file.add_tags()
        file.clear()
        file.clear_pictures()
        file.update(comments(label))
        picture = cover_of(label)
        if picture is not None:
            file.add_picture(picture)
        file.save(padding=lambda info: 0)


def label_opus(audio: Path, path: Path, label: Label) -> None:
    """Copies encoded audio and puts tags before it. Raises as `label_flac`."""
    shutil.copyfile(audio, path)
    with tagging_errors(path):
        file = OggOpus(path)
        file.clear()
        file.update(vorbis_tags(label))
        file.save(padding=lambda info: 0)


def read_vorbis(path: Path) -> dict[str, list[str]]:
    """Reads the comments of a FLAC or Opus file by their names in small letters. Raises `MutagenError`."""
    file = FLAC(path) if path.suffix == ".flac" else OggOpus(path)
    found: dict[str, list[str]] = {name: list(values) for name, values in file.tags.items()} if file.tags else {}
    if isinstance(file, FLAC) and file.pictures:
        found[PICTURE] = [_packed(file.pictures[0])]
    return found


def vorbis_tags(label: Label) -> dict[str, list[str]]:
    """Returns what `read_vorbis` reads from a file with this label: its comments, the cover's among them."""
    picture = cover_of(label)
    inside = {PICTURE: [_packed(picture)]} if picture is not None else {}
    return {**{name.lower(): texts for name, texts in comments(label).items()}, **inside}


def comments(label: Label) -> dict[str, list[str]]:
    """Makes the Vorbis comments of a label, named as players and audiobook libraries look for them."""
    tags = label.tags
    texts = {
        "TITLE": label.title,
        "ALBUM": tags.title,
        "ARTIST": tags.author,
        "ALBUMARTIST": tags.author,
        "COMPOSER": tags.narrator,  # audiobook libraries read the composer as the narrator
        "DISCNUMBER" if label.is_part else "TRACKNUMBER": str(label.number),
        "DISCTOTAL" if label.is_part else "TRACKTOTAL": str(label.count),
        "DATE": tags.year,
        "GENRE": "; ".join(tags.genres),  # in one text: readers see the first of several only, or join them
        "DESCRIPTION": tags.description,
        "ALBUMSORT": tags.sort_title,
        "ARTISTSORT": tags.sort_author,
        "ALBUMARTISTSORT": tags.sort_author,
        "COPYRIGHT": tags.rights,
        "ENCODED-BY": "Talepress",
        **label.named_texts,
    }
    if len(label.marks) > 1:
        texts |= _chapters(label)
    return {name: [text] for name, text in texts.items() if text}


def cover_of(label: Label) -> Picture | None:
    """Makes the picture of the front cover; None when there is no cover, or one too large for a block of FLAC."""
    cover = label.tags.cover
    if cover is None:
        return None
    if len(cover) > MAX_COVER_BYTES:
        logger.warning("%s: the cover has more than 16 MiB and is left out of FLAC and Opus files", label.tags.title)
        return None
    picture = Picture()
    picture.type = PictureType.COVER_FRONT
    picture.mime = image_type(cover)
    picture.data = cover
    return picture


def _packed(picture: Picture) -> str:
    return base64.b64encode(picture.write()).decode("ascii")


def _chapters(label: Label) -> dict[str, str]:
    texts = {}
    for number, mark in enumerate(label.marks, start=1):
        texts[f"CHAPTER{number:03d}"] = _clock(mark, label.sample_rate)
        texts[f"CHAPTER{number:03d}NAME"] = mark.title
    return texts


def _clock(mark: ChapterMark, rate: int) -> str:
    milliseconds = round(1000 * mark.start_sample / rate)
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d}.{rest % 1000:03d}"
