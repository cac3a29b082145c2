"""Chapters and tags as ID3 frames, in MP3 and WAV files. It must not know books beyond what a label says.

The tags have version 2.3, which all players read; frames that came with 2.4 are not used.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mutagen.id3 import (
    APIC,
    CHAP,
    COMM,
    CTOC,
    GEOB,
    ID3,
    TALB,
    TCOM,
    TCON,
    TCOP,
    TDRC,
    TENC,
    TIT2,
    TIT3,
    TLAN,
    TPE1,
    TPE2,
    TPOS,
    TPUB,
    TRCK,
    TSO2,
    TSOA,
    TSOP,
    TXXX,
    CTOCFlags,
    Encoding,
    Frame,
    PictureType,
)
from mutagen.wave import WAVE

from tasks.package.audio.covers import image_type
from tasks.package.audio.label import Label
from tasks.package.audio.languages import three_letters
from tasks.package.audio.signature import copy_unsigned_wav
from tasks.package.audio.tags import tagging_errors

MAX_ENTRIES = 255  # of one CTOC frame, which counts in one byte
_UTF16 = Encoding.UTF16  # version 2.3 knows no UTF-8
_TOP = CTOCFlags.TOP_LEVEL | CTOCFlags.ORDERED


def label_mp3(audio: Path, path: Path, label: Label) -> None:
    """Copies encoded audio and puts tags before it. Raises `OSError` (disk full) or `TalepressError`."""
    shutil.copyfile(audio, path)
    with tagging_errors(path):
        tags = ID3()
        for frame in frames(label):
            tags.add(frame)
        tags.save(path, v1=0, v2_version=3, v23_sep="; ", padding=lambda info: 0)


def label_wav(audio: Path, path: Path, label: Label) -> None:
    """Copies encoded audio and puts tags behind it. Raises as `label_mp3`."""
    copy_unsigned_wav(audio, path)
    with tagging_errors(path):
        file = WAVE(path)
        if file.tags is None:
            file.add_tags()
        assert file.tags is not None
        file.tags.clear()
        for frame in frames(label):
            file.tags.add(frame)
        file.tags.save(path, v2_version=3, v23_sep="; ", padding=lambda info: 0)


def read_id3(path: Path) -> dict[str, str]:
    """Reads the frames of an MP3 or WAV file as texts by their names. Raises `MutagenError`."""
    tags = WAVE(path).tags if path.suffix == ".wav" else ID3(path)
    return shown(list((tags or ID3()).values()))


def id3_tags(label: Label) -> dict[str, str]:
    """Returns what `read_id3` reads from a file with this label."""
    return shown(list(frames(label)))


def shown(frames: list[Frame]) -> dict[str, str]:
    """Writes frames as texts by their names, pictures by kind and hash; chapters and signatures are left out."""
    return {frame.HashKey: _text(frame) for frame in frames if not isinstance(frame, CHAP | CTOC | GEOB)}


def frames(label: Label) -> Iterator[Frame]:
    """Makes the frames of a label; one without a value is left out."""
    tags = label.tags
    number = f"{label.number}/{label.count}"
    texts = {
        TIT2: label.title,
        TALB: tags.title,
        TPE1: tags.author,
        TPE2: tags.author,
        TCOM: tags.narrator,  # audiobook libraries read the composer as the narrator
        TDRC: tags.year,
        TCON: "; ".join(tags.genres),
        TPUB: tags.publisher,
        TLAN: three_letters(tags.language),
        TIT3: tags.subtitle,
        TCOP: tags.rights,
        TSOA: tags.sort_title,
        TSOP: tags.sort_author,
        TSO2: tags.sort_author,
        TENC: "Talepress",
        (TPOS if label.is_part else TRCK): number,
    }
    yield from (frame(encoding=_UTF16, text=[text]) for frame, text in texts.items() if text)
    for name, text in label.named_texts.items():
        yield TXXX(encoding=_UTF16, desc=name, text=[text])
    yield COMM(encoding=_UTF16, lang=three_letters(tags.language) or "und", desc="", text=[tags.description])
    if tags.cover is not None:
        yield APIC(
            encoding=Encoding.LATIN1,
            mime=image_type(tags.cover),
            type=PictureType.COVER_FRONT,
            desc="",
            data=tags.cover,
        )
    if len(label.marks) > 1:
        yield from _chapters(label)


def _chapters(label: Label) -> Iterator[Frame]:
    """Makes a frame for each chapter and the lists of them: one, or one of lists where there are more than 255."""
    names = [f"chapter{number}" for number in range(1, len(label.marks) + 1)]
    for name, mark in zip(names, label.marks, strict=True):
        yield CHAP(
            element_id=name,
            start_time=round(1000 * mark.start_sample / label.sample_rate),
            end_time=round(1000 * mark.end_sample / label.sample_rate),
            sub_frames=[TIT2(encoding=_UTF16, text=[mark.title])],
        )
    lists = [names[first : first + MAX_ENTRIES] for first in range(0, len(names), MAX_ENTRIES)]
    if len(lists) == 1:
        yield CTOC(element_id="toc", flags=_TOP, child_element_ids=names, sub_frames=[])
        return
    children = [f"toc{number}" for number in range(1, len(lists) + 1)]
    yield CTOC(element_id="toc", flags=_TOP, child_element_ids=children, sub_frames=[])
    for child, entries in zip(children, lists, strict=True):
        yield CTOC(element_id=child, flags=CTOCFlags.ORDERED, child_element_ids=entries, sub_frames=[])


def _text(frame: Any) -> str:
    if isinstance(frame, APIC):
        picture: Any = frame
        return f"{picture.mime} {hashlib.sha256(picture.data).hexdigest()}"
    return "; ".join(str(text) for text in frame.text)
