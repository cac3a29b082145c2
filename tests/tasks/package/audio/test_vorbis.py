"""Every fact of a label has its comment, and chapters are named as the Ogg world does."""

import base64
from dataclasses import replace

import numpy as np
import soundfile
from mutagen.flac import FLAC, Picture
from mutagen.id3 import PictureType

from tasks.package.audio.marks import ChapterMark
from tasks.package.audio.vorbis import (
    BLOCK_BYTES,
    MAX_COVER_BYTES,
    PICTURE,
    comments,
    cover_of,
    label_flac,
    read_vorbis,
    vorbis_tags,
)
from tests.tasks.package.audio.labels import BARE, CHAPTER, JPEG, NAMED, PART, RATE, TAGS
from tests.tasks.package.conftest import PNG

ALIKE = {
    "ALBUM": "The Title",
    "ARTIST": "The Author",
    "ALBUMARTIST": "The Author",
    "COMPOSER": "The Narrator",
    "DATE": "1901",
    "GENRE": "Audiobook; Art",
    "DESCRIPTION": TAGS.description,
    "ALBUMSORT": "Title, The",
    "ARTISTSORT": "Author, The",
    "ALBUMARTISTSORT": "Author, The",
    "COPYRIGHT": "The Rights",
    "ENCODED-BY": "Talepress",
    **NAMED,
}
CHAPTERS = {
    "CHAPTER001": "00:00:00.000",
    "CHAPTER001NAME": "One",
    "CHAPTER002": "00:00:00.500",
    "CHAPTER002NAME": "Two",
    "CHAPTER003": "01:02:03.001",
    "CHAPTER003NAME": "Three",
}


def single(found):
    """The values, of each of which there must be one."""
    assert {len(values) for values in found.values()} == {1}
    return {name: values[0] for name, values in found.items()}


def test_every_fact_has_its_comment():
    numbers = {"DISCNUMBER": "2", "DISCTOTAL": "3"}
    assert single(comments(PART)) == {**ALIKE, **numbers, **CHAPTERS, "TITLE": "The Title (part 2 of 3)"}
    assert single(comments(CHAPTER)) == {**ALIKE, "TITLE": "The Chapter", "TRACKNUMBER": "2", "TRACKTOTAL": "3"}


def test_what_is_not_known_has_no_comment():
    assert single(comments(BARE)) == {
        "TITLE": "The Title",
        "ALBUM": "The Title",
        "COMPOSER": "The Narrator",
        "NARRATOR": "The Narrator",
        "DESCRIPTION": "Spoken.",
        "DISCNUMBER": "1",
        "DISCTOTAL": "1",
        "ENCODED-BY": "Talepress",
    }


def test_hours_minutes_and_thousandths_of_a_chapter_are_told_apart():
    late = ChapterMark("Late", (100 * 3600 + 59 * 60 + 59) * RATE + RATE * 999 // 1000, 0)
    assert comments(replace(PART, marks=(late, late)))["CHAPTER002"] == ["100:59:59.999"]


def test_the_front_cover_is_a_picture_that_says_what_it_is():
    for cover, kind in ((PNG, "image/png"), (JPEG, "image/jpeg")):
        picture = cover_of(replace(PART, tags=replace(TAGS, cover=cover)))
        assert (picture.type, picture.mime, picture.data) == (PictureType.COVER_FRONT, kind, cover)
    assert cover_of(BARE) is None
    (packed,) = vorbis_tags(PART)[PICTURE]
    assert Picture(base64.b64decode(packed)).data == PNG


def test_a_cover_is_left_out_where_a_block_would_not_hold_it():
    assert BLOCK_BYTES == 16 * 1024 * 1024
    full = PNG + bytes(MAX_COVER_BYTES - len(PNG))
    assert cover_of(replace(PART, tags=replace(TAGS, cover=full))) is not None
    assert cover_of(replace(PART, tags=replace(TAGS, cover=full + b"\0"))) is None
    assert len(cover_of(replace(PART, tags=replace(TAGS, cover=full))).write()) < BLOCK_BYTES


def test_a_flac_file_gets_its_own_tags_and_loses_those_that_it_had(tmp_path):
    audio, first, second = (tmp_path / name for name in ("audio.flac", "first.flac", "second.flac"))
    soundfile.write(audio, np.zeros(8), RATE)
    label_flac(audio, first, PART)
    label_flac(first, second, BARE)
    assert read_vorbis(first) == vorbis_tags(PART) and read_vorbis(second) == vorbis_tags(BARE)
    assert len(FLAC(first).pictures) == 1 and FLAC(second).pictures == []
    assert soundfile.info(second).frames == 8
