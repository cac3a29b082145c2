"""Every fact of a label has its atom, and every atom one value."""

from dataclasses import replace
from pathlib import Path

import pytest
from mutagen.mp4 import MP4Cover

from tasks.package.audio.ffmpeg import run_ffmpeg
from tasks.package.audio.mp4 import label_mp4, mp4_tags, read_mp4_tags
from tests.tasks.package.audio.labels import BARE, CHAPTER, JPEG, NAMED, PART, TAGS
from tests.tasks.package.conftest import PNG

ALIKE = {
    "\xa9alb": "The Title",
    "\xa9ART": "The Author",
    "aART": "The Author",
    "\xa9wrt": "The Narrator",
    "\xa9day": "1901",
    "\xa9gen": "Audiobook; Art",
    "cprt": "The Rights",
    "soal": "Title, The",
    "soar": "Author, The",
    "soaa": "Author, The",
    "desc": TAGS.description[:255],
    "ldes": TAGS.description,
    "\xa9too": "Talepress",
    "stik": 2,
    "covr": PNG,
    **{f"----:com.apple.iTunes:{name}": text.encode() for name, text in NAMED.items()},
}


def test_every_fact_has_its_atom():
    title = "The Title (part 2 of 3)"
    assert mp4_tags(PART) == {**ALIKE, "\xa9nam": title, "sonm": "Title, The", "disk": (2, 3)}
    assert mp4_tags(CHAPTER) == {**ALIKE, "\xa9nam": "The Chapter", "trkn": (2, 3)}


def test_what_is_not_known_has_no_atom():
    names = {"\xa9nam", "\xa9alb", "\xa9wrt", "\xa9too", "stik", "disk", "desc", "ldes"}
    assert set(mp4_tags(BARE)) == {*names, "----:com.apple.iTunes:NARRATOR"}


@pytest.mark.parametrize(("cover", "form"), [(PNG, MP4Cover.FORMAT_PNG), (JPEG, MP4Cover.FORMAT_JPEG)])
def test_a_cover_says_which_kind_of_picture_it_is(cover, form):
    atom = mp4_tags(replace(PART, tags=replace(TAGS, cover=cover)))["covr"]
    assert (bytes(atom), atom.imageformat) == (cover, form)


@pytest.mark.parametrize(("audio", "path"), [("http:audio", "pipe:a.m4b"), ("-audio", "-a.m4b")])
def test_no_name_of_a_file_is_an_option_or_an_address(tmp_path, monkeypatch, audio, path):
    monkeypatch.chdir(tmp_path)
    run_ffmpeg(["-f", "lavfi", "-i", "anullsrc=r=24000:cl=mono:d=0.1", "-c:a", "aac", "-f", "ipod", f"file:{audio}"])
    label_mp4(Path(audio), Path(path), BARE, ffmpeg="")
    assert read_mp4_tags(tmp_path / path)["\xa9nam"] == "The Title"
