"""The M4B: chapter marks to the sample, tags as other programs read them, and a check that finds faults."""

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from mutagen import MutagenError
from mutagen.mp4 import MP4

from tasks.errors import BadInputError, TalepressError
from tasks.package.audio.ffmpeg import ffmpeg_path, run_ffmpeg
from tasks.package.audio.marks import parse_ffmetadata
from tasks.package.audio.mp4 import label_mp4, write_mp4_tags
from tasks.package.edition import is_published, publish_edition
from tasks.package.outputs import audio_check, find_outputs
from tasks.package.outputs.audio_check import MARK_SECONDS, _check_chapters
from tasks.package.outputs.audio_files import plan_files
from tasks.package.place import Replace
from tasks.synthesize.render import encode_flac
from tests.tasks.audio import RATE
from tests.tasks.package.conftest import (
    BOOK,
    HEADINGS,
    LENGTHS,
    PACKAGE,
    PNG,
    SPOKEN,
    STARTS,
    STEM,
    TITLES,
    TOTAL,
    asking,
    files_of,
)

AAC_FRAME = 1024  # samples


@pytest.fixture(scope="module")
def path(published):
    (path,) = files_of(published, "m4b")
    return path


def decode(path):
    command = [ffmpeg_path(), "-v", "error", "-i", path, "-f", "f32le", "-ac", "1", "-"]
    return np.frombuffer(subprocess.run(command, check=True, capture_output=True).stdout, dtype="<f4")


def test_chapters_start_at_the_first_sample_of_their_headings(path):
    audio = decode(path)
    assert abs(len(audio) - TOTAL) <= AAC_FRAME
    chapters = parse_ffmetadata(run_ffmpeg(["-i", path, "-f", "ffmetadata", "-"]))
    assert [title for title, _, _ in chapters] == list(TITLES)
    assert [start for _, start, _ in chapters] == pytest.approx([mark / RATE for mark in STARTS], abs=MARK_SECONDS)
    for expected in SPOKEN:
        window = slice(max(expected - 5000, 0), expected + 5000)
        click = window.start + int(np.abs(audio[window]).argmax())
        assert abs(click - expected) <= 2  # the decoder honours the edit list
    assert chapters[0][1] == 0
    assert [end for _, _, end in chapters[:-1]] == [start for _, start, _ in chapters[1:]]


def test_length_codec_and_chapters_as_mutagen_sees_them(path):
    file = MP4(path)
    assert file.info.length == pytest.approx(TOTAL / RATE, abs=2 * AAC_FRAME / RATE)
    assert (file.info.channels, file.info.sample_rate, file.info.codec) == (1, RATE, "mp4a.40.2")
    assert [chapter.title for chapter in file.chapters] == list(TITLES)


def test_tags(path):
    tags = MP4(path).tags
    assert tags["\xa9nam"] == tags["\xa9alb"] == [BOOK.title]
    assert tags["\xa9ART"] == tags["aART"] == ["L. Frank Baum, Anon"]
    assert tags["\xa9wrt"] == ["Talepress ann (AI voice)"]
    assert (tags["\xa9day"], tags["stik"], tags["cprt"]) == (["1900"], [2], ["Public domain."])
    assert tags["\xa9gen"] == ["Audiobook; Fantasy; Fiction / Classics"]
    assert tags["sonm"] == tags["soal"] == ["Oz"]
    assert tags["soar"] == tags["soaa"] == ["Baum, L. Frank; Anon"]
    assert tags["ldes"] == [f"Narrated by a synthetic voice (Talepress, ann). {BOOK.description.strip()}"]
    assert bytes(tags["covr"][0]) == PNG
    assert tags["covr"][0].imageformat == tags["covr"][0].FORMAT_PNG
    freeform = {
        name: bytes(tags[f"----:com.apple.iTunes:{name}"][0]).decode()
        for name in ("NARRATOR", "NARRATION", "PUBLISHER", "ISBN", "IDENTIFIERS", "SERIES", "SERIES-PART", "SUBTITLE")
    }
    assert freeform == {
        "NARRATOR": "Talepress ann (AI voice)",
        "PUBLISHER": "Geo. M. Hill",
        "ISBN": "9780306406157",
        "IDENTIFIERS": "urn:uuid:9780306406151; urn:isbn:978-0-306-40615-7",
        "NARRATION": "AI voice",
        "SUBTITLE": "A Tale",
        "SERIES": "The Oz Books",
        "SERIES-PART": "1",
    }


def test_players_see_an_audiobook_and_can_begin_before_all_of_it_is_there(path):
    data = Path(path).read_bytes()
    assert data[4:12] == b"ftypM4B "
    assert 0 < data.index(b"moov") < data.index(b"mdat")


def test_no_version_of_a_program_is_in_it(path):
    assert re.search(rb"Lav[fc]\d", Path(path).read_bytes()) is None


def test_ffmpeg_sees_the_tags_too(path):
    shown = run_ffmpeg(["-i", path, "-f", "ffmetadata", "-"])
    for line in (
        "artist=L. Frank Baum, Anon",
        "composer=Talepress ann (AI voice)",
        "PUBLISHER=Geo. M. Hill",
        "LANGUAGE=en",
    ):
        assert line in shown


def test_the_audio_track_has_the_books_language(path):
    command = [ffmpeg_path(), "-hide_banner", "-i", path]
    shown = subprocess.run(command, capture_output=True, text=True, check=False).stderr
    assert re.search(r"Stream #0:\d\S*\(eng\): Audio: aac", shown), shown


def test_a_chosen_ffmpeg_that_writes_two_channels_is_found_out(tmp_path, store, content):
    own = tmp_path / "ffmpeg"
    own.write_text(
        f"#!{sys.executable}\nimport os, sys\narguments = sys.argv[1:]\n"
        "if 'aac' in arguments:\n    arguments[-3:-3] = ['-ac', '2']\n"
        f"os.execv('{ffmpeg_path()}', ['ffmpeg', *arguments])\n"
    )
    own.chmod(0o755)
    plain = asking(content, "m4b", "manifest")
    chosen = replace(plain, settings=plain.settings.model_copy(update={"ffmpeg": str(own)}))
    with pytest.raises(TalepressError, match="says 2 channels"):
        publish_edition(tmp_path / "out", store, chosen)
    assert list((tmp_path / "out").iterdir()) == []


def test_trouble_with_tags(tmp_path, path, content, monkeypatch):
    label = plan_files("m4b", content, STEM)[0].label
    copy = tmp_path / "no.m4b"
    copy.write_bytes(b"no MP4")
    with pytest.raises(TalepressError, match="cannot be tagged"):
        write_mp4_tags(copy, label)

    def full_disk(file):
        raise MutagenError("disk full") from OSError(28, "No space left on device")

    monkeypatch.setattr(MP4, "save", full_disk)
    with pytest.raises(OSError, match="No space left"):
        write_mp4_tags(Path(path), label)


def test_more_chapters_than_players_can_list_make_parts(tmp_path, store, content):
    silence = store.put_bytes(encode_flac(np.zeros(2048), RATE))
    one = replace(content.masters[0], samples=2048, audio_sha256=silence, placed=())
    many = tuple(replace(one, title=f"Chapter {n}") for n in range(300))
    edition = publish_edition(tmp_path, store, replace(asking(content, "m4b", "manifest"), masters=many)).edition
    paths = [Path(path) for path in files_of(edition, "m4b")]
    assert [path.name for path in paths] == [f"{STEM} (part {n} of 2).m4b" for n in (1, 2)]
    assert {path.parent for path in paths} == {tmp_path / f"{STEM} (M4B)"}
    titles = []
    for number, path in enumerate(paths, start=1):
        chapters = parse_ffmetadata(run_ffmpeg(["-i", str(path), "-f", "ffmetadata", "-"]))
        assert len(chapters) == len(MP4(path).chapters)
        titles += [title for title, _, _ in chapters]
        assert MP4(path)["disk"] == [(number, 2)]
        assert MP4(path)["\xa9nam"] == [f"{BOOK.title} (part {number} of 2)"]
    assert titles == [master.title for master in many]
    assert is_published(edition)

    whole = publish_edition(tmp_path, store, asking(content, "m4b", "manifest"), replacing=Replace.ANY).edition
    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == [
        Path(file.path).name for file in whole.files
    ]
    assert list(tmp_path.glob("**/*part*")) == []  # what the longer edition had is gone


def test_a_long_book_is_cut_between_chapters(content, store, tmp_path):
    hours = 115_000 / RATE / 3600  # the first chapter alone, then the others
    settings = PACKAGE.model_copy(update={"part_hours": hours, "outputs": ("m4b", "manifest")})
    edition = publish_edition(tmp_path, store, replace(content, settings=settings)).edition
    first, second = files_of(edition, "m4b")
    assert abs(len(decode(first)) - (LENGTHS[0] - HEADINGS[0])) <= AAC_FRAME
    audio = decode(second)
    assert abs(len(audio) - (LENGTHS[1] - HEADINGS[1] + LENGTHS[2])) <= AAC_FRAME
    assert int(np.abs(audio[40_000:]).argmax()) + 40_000 == pytest.approx(LENGTHS[1] - HEADINGS[1] + HEADINGS[2], abs=2)


def parts_of(content, hours):
    """Content in parts of so many hours, and the recordings of its parts, asked for before any of them is encoded."""
    cut = replace(content, settings=PACKAGE.model_copy(update={"part_hours": hours, "outputs": ("m4b", "manifest")}))
    output, _ = find_outputs(cut.settings.outputs)
    return output.recordings(cut), output.stream(iter(cut.masters), cut.settings)


@pytest.mark.parametrize("hours", [23.0, 115_000 / RATE / 3600, 0.0])
def test_all_parts_can_be_encoded_at_once_once_all_chapters_are_there(content, hours):
    planned, coming = parts_of(content, hours)
    begun = list(coming)
    assert [tuple(one.stretches) for one in reversed(begun)] == [one.stretches for one in reversed(planned)]


def test_a_part_is_begun_with_its_first_chapter(content):
    def come():
        yield content.masters[0]
        came.append(1)
        yield content.masters[1]

    came = []
    output, _ = find_outputs(["m4b", "manifest"])
    coming = output.stream(come(), content.settings)
    stretches = iter(next(coming).stretches)
    assert came == []
    assert list(coming) == [] and came == [1]
    assert [one.master for one in stretches] == list(content.masters[:2])


def test_a_chapter_that_fails_ends_the_part_that_waits_for_it(content):
    def come():
        yield content.masters[0]
        raise TalepressError("no room")

    output, _ = find_outputs(["m4b", "manifest"])
    coming = output.stream(come(), content.settings)
    stretches = iter(next(coming).stretches)
    with pytest.raises(TalepressError, match="no room"):
        next(coming)
    assert next(stretches).master == content.masters[0]
    with pytest.raises(TalepressError, match="no room"):
        next(stretches)


def test_the_chosen_ffmpeg_puts_chapters_in_and_reads_them_back(path, content, tmp_path):
    label = plan_files("m4b", content, STEM)[0].label
    with pytest.raises(BadInputError, match="there is no program 'nothing'"):
        label_mp4(Path(path), tmp_path / "one.m4b", label, ffmpeg="nothing")
    with pytest.raises(BadInputError, match="there is no program 'nothing'"):
        _check_chapters(Path(path), label, "nothing")


def test_a_chapter_of_the_second_list_that_lies_elsewhere_is_found(path, content, monkeypatch):
    """Players look at either of the two."""
    label = plan_files("m4b", content, STEM)[0].label
    _check_chapters(Path(path), label, "")
    late = [replace_start(chapter) for chapter in MP4(path).chapters]
    monkeypatch.setattr(audio_check, "MP4", lambda path: SimpleNamespace(chapters=late))
    with pytest.raises(TalepressError, match=r"chapter 'Title; page' starts at 0\.0020 s, not where"):
        _check_chapters(Path(path), label, "")


def replace_start(chapter):
    return SimpleNamespace(start=chapter.start + 0.002)
