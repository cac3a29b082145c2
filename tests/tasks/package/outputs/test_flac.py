"""FLAC files: the masters without loss, tags as other programs read them, and a check that finds faults."""

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from mutagen.flac import FLAC as FlacFile

from tasks.errors import TalepressError
from tasks.package.audio.ffmpeg import ffmpeg_path
from tasks.package.edition import publish_edition
from tasks.package.output import Draft
from tasks.package.outputs.flac import BLOCK_BYTES, check_flac
from tasks.synthesize.render import encode_flac
from tests.tasks.audio import RATE
from tests.tasks.package.conftest import BOOK, LENGTHS, PNG, STEM, asking, files_of


@pytest.fixture(scope="module")
def paths(published):
    return tuple(map(Path, files_of(published, "flac")))


@pytest.fixture
def draft(content, store):
    """What the check is given; it looks at the files named, wherever they are."""
    return Draft(Path(), STEM, content, store, {})


def test_a_file_for_each_chapter_in_a_folder_of_their_own(published, paths):
    (audiobook,) = files_of(published, "m4b")
    assert {path.parent for path in paths} == {Path(audiobook).parent / f"{STEM} (FLAC)"}
    assert [path.name for path in paths] == [
        "01 Title; page.flac",
        "02 1. The = Cyc lone.flac",
        "03 2. #Munchkins’ “Council”.flac",
    ]


def test_nothing_of_the_masters_is_lost(paths, content, store):
    for path, master, samples in zip(paths, content.masters, LENGTHS, strict=True):
        audio, rate = soundfile.read(path, dtype="int16")
        with store.open(master.audio_sha256) as file:
            wanted, _ = soundfile.read(file, dtype="int16")
        assert (len(audio), rate) == (samples, RATE)
        assert np.array_equal(audio, wanted)


def test_tags_and_cover_as_mutagen_and_ffmpeg_see_them(paths):
    file = FlacFile(paths[1])
    wanted = {
        "title": "1. The = Cyc\\lone",
        "album": BOOK.title,
        "artist": "L. Frank Baum, Anon",
        "albumartist": "L. Frank Baum, Anon",
        "composer": "Talepress (ann)",
        "narrator": "Talepress (ann)",
        "tracknumber": "2",
        "tracktotal": "3",
        "date": "1900",
        "description": f"Narrated by a synthetic voice (Talepress, ann). {BOOK.description.strip()}",
        "narration": "AI voice",
        "subtitle": "A Tale",
        "albumsort": "Oz",
        "artistsort": "Baum, L. Frank; Anon",
        "copyright": "Public domain.",
        "publisher": "Geo. M. Hill",
        "language": "en",
        "isbn": "9780306406157",
        "series": "The Oz Books",
        "series-part": "1",
    }
    assert {name: file[name] for name in wanted} == {name: [text] for name, text in wanted.items()}
    assert file["genre"] == ["Audiobook", "Fantasy", "Fiction / Classics"]
    (picture,) = file.pictures
    assert (picture.data, picture.mime, int(picture.type)) == (PNG, "image/png", 3)

    shown = subprocess.run([ffmpeg_path(), "-i", paths[1]], capture_output=True, text=True, check=False).stderr
    for line in ("track           : 2", "NARRATOR        : Talepress (ann)", "Video: png", "24000 Hz, mono"):
        assert line in shown


def test_texts_that_a_book_does_not_have_are_left_out(tmp_path, store, content):
    bare = replace(content, book=replace(BOOK, series="", series_position="", cover=None, description=""))
    edition = publish_edition(tmp_path, store, asking(bare, "flac", "manifest")).edition
    file = FlacFile(files_of(edition, "flac")[0])
    assert not {"series", "series-part", "asin"} & set(file.keys())
    assert file.pictures == []
    manifest = json.loads(Path(files_of(edition, "manifest")[0]).read_text("utf-8"))
    assert "audiobook" not in manifest
    assert [row["file"] for row in manifest["files"]] == [
        f"{STEM} (FLAC)/{Path(path).name}" for path in files_of(edition, "flac")
    ]


def test_a_cover_that_fits_into_no_block_is_left_out_and_said(tmp_path, store, content, caplog):
    large = replace(content, book=replace(BOOK, cover=PNG + bytes(BLOCK_BYTES)), masters=content.masters[:1])
    edition = publish_edition(tmp_path, store, asking(large, "flac", "manifest")).edition
    assert FlacFile(files_of(edition, "flac")[0]).pictures == []
    assert "more than 16 MiB" in caplog.text


def test_a_file_that_is_not_as_meant_is_found_out(draft, paths, content, store, tmp_path):
    check_flac(draft, paths)
    audio, _ = soundfile.read(paths[0], dtype="float64")
    audio[1234] += 1 / 32768  # one sample, one step
    other = store.put_bytes(encode_flac(audio, RATE))
    masters = content.masters
    wrong = {
        "tags did not read back": replace(content, book=replace(BOOK, publisher="Other")),
        "cover did not read back": replace(content, book=replace(BOOK, cover=PNG + b"more")),
        "50001 samples instead of 5": replace(content, masters=(replace(masters[0], samples=5), *masters[1:])),
        "other samples": replace(content, masters=(replace(masters[0], audio_sha256=other), *masters[1:])),
    }
    for message, meant in wrong.items():
        with pytest.raises(TalepressError, match=message):
            check_flac(replace(draft, content=meant), paths)
    for number, damaged in enumerate((b"no FLAC", paths[0].read_bytes()[:-20_000])):
        broken = tmp_path / f"{number}.flac"
        broken.write_bytes(damaged)
        with pytest.raises(TalepressError, match=r"cannot be read back|other samples"):
            check_flac(draft, (broken, *paths[1:]))
