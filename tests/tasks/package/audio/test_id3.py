"""Every fact of a label has its frame, in ID3 of version 2.3, and nothing else is in a file."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest
import soundfile
from mutagen.id3 import APIC, CHAP, COMM, CTOC, GEOB, ID3, CTOCFlags, Encoding, PictureType
from mutagen.wave import WAVE

from tasks.package.audio.id3 import MAX_ENTRIES, frames, id3_tags, label_mp3, label_wav, read_id3, shown
from tasks.package.audio.marks import ChapterMark
from tests.tasks.package.audio.labels import BARE, CHAPTER, JPEG, NAMED, PART, TAGS
from tests.tasks.package.conftest import PNG

ALIKE = {
    "TALB": "The Title",
    "TPE1": "The Author",
    "TPE2": "The Author",
    "TCOM": "The Narrator",
    "TDRC": "1901",
    "TCON": "Audiobook; Art",
    "TPUB": "The Publisher",
    "TLAN": "deu",
    "TIT3": "The Subtitle",
    "TCOP": "The Rights",
    "TSOA": "Title, The",
    "TSOP": "Author, The",
    "TSO2": "Author, The",
    "TENC": "Talepress",
    "COMM::deu": TAGS.description,
    "APIC:": f"image/png {hashlib.sha256(PNG).hexdigest()}",
    **{f"TXXX:{name}": text for name, text in NAMED.items()},
}


def test_every_fact_has_its_frame():
    assert id3_tags(PART) == {**ALIKE, "TIT2": "The Title (part 2 of 3)", "TPOS": "2/3"}
    assert id3_tags(CHAPTER) == {**ALIKE, "TIT2": "The Chapter", "TRCK": "2/3"}
    assert id3_tags(replace(PART, tags=replace(TAGS, cover=JPEG)))["APIC:"].startswith("image/jpeg ")


def test_what_is_not_known_has_no_frame():
    known = {"TIT2": "The Title", "TALB": "The Title", "TCOM": "The Narrator", "TENC": "Talepress", "TPOS": "1/1"}
    assert id3_tags(BARE) == {**known, "COMM::und": "Spoken.", "TXXX:NARRATOR": "The Narrator"}


def test_frames_are_such_as_version_2_3_knows():
    made = list(frames(PART))
    assert {frame.encoding for frame in made if hasattr(frame, "encoding")} == {Encoding.UTF16, Encoding.LATIN1}
    (picture,) = (frame for frame in made if isinstance(frame, APIC))
    assert (picture.type, picture.data, picture.desc) == (PictureType.COVER_FRONT, PNG, "")
    (comment,) = (frame for frame in made if isinstance(frame, COMM))
    assert (comment.lang, comment.desc) == ("deu", "")


def test_chapters_are_counted_in_milliseconds_and_listed_in_order():
    marks = [frame for frame in frames(PART) if isinstance(frame, CHAP)]
    assert [(mark.element_id, mark.start_time, mark.end_time) for mark in marks] == [
        ("chapter1", 0, 500),
        ("chapter2", 500, 3_723_001),
        ("chapter3", 3_723_001, 40_000_000),
    ]
    assert [mark.sub_frames["TIT2"].text for mark in marks] == [["One"], ["Two"], ["Three"]]
    (toc,) = (frame for frame in frames(PART) if isinstance(frame, CTOC))
    assert (toc.element_id, toc.child_element_ids) == ("toc", ["chapter1", "chapter2", "chapter3"])
    assert toc.flags == CTOCFlags.TOP_LEVEL | CTOCFlags.ORDERED
    assert not [frame for frame in frames(CHAPTER) if isinstance(frame, CHAP | CTOC)]


@pytest.mark.parametrize(("chapters", "lists"), [(255, [255]), (256, [2, 255, 1]), (511, [3, 255, 255, 1])])
def test_a_list_counts_its_chapters_in_one_byte(chapters, lists):
    many = replace(PART, marks=tuple(ChapterMark(f"{n}", n, n + 1) for n in range(chapters)))
    tocs = [frame for frame in frames(many) if isinstance(frame, CTOC)]
    assert MAX_ENTRIES == 255 and [len(toc.child_element_ids) for toc in tocs] == lists
    top, *below = tocs
    assert top.flags == CTOCFlags.TOP_LEVEL | CTOCFlags.ORDERED
    assert {toc.flags for toc in below} <= {CTOCFlags.ORDERED}
    listed = [name for toc in below or [top] for name in toc.child_element_ids]
    assert listed == [f"chapter{number}" for number in range(1, chapters + 1)]
    assert not below or top.child_element_ids == [toc.element_id for toc in below]


def test_an_mp3_has_its_tags_before_the_audio_and_none_behind(tmp_path):
    audio = tmp_path / "audio"
    audio.write_bytes(b"\xff\xfb audio")
    path = tmp_path / "a.mp3"
    label_mp3(audio, path, PART)
    data = path.read_bytes()
    assert data[:4] == b"ID3\3" and data.endswith(b"\xff\xfb audio")
    assert not data.removesuffix(b"\xff\xfb audio").endswith(b"\0" * 8)  # no room for more
    assert ID3(path).version == (2, 3, 0)
    assert read_id3(path) == id3_tags(PART)
    assert len(ID3(path).getall("CHAP")) == 3


def test_a_wav_gets_its_own_tags_and_loses_those_that_it_had(tmp_path):
    audio = tmp_path / "audio.wav"
    soundfile.write(audio, np.zeros(8), 24_000)
    assert read_id3(audio) == {}
    first = tmp_path / "first.wav"
    second = tmp_path / "second.wav"
    label_wav(audio, first, PART)
    label_wav(first, second, BARE)
    assert read_id3(first) == id3_tags(PART) and read_id3(second) == id3_tags(BARE)
    assert WAVE(first).tags.version == (2, 3, 0)
    assert soundfile.info(second).frames == 8


def test_a_signature_and_chapters_are_no_tags():
    assert shown([GEOB(), CHAP(element_id="a"), CTOC(element_id="b")]) == {}
