import json
import subprocess
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest
from mutagen import MutagenError
from mutagen.mp4 import MP4

from configs.settings import PackageSettings
from storage.artifacts import ArtifactStore
from storage.records import Book, Master, PlacedUtterance, Take, Verdict, VoiceRecord
from tasks.errors import OutputError, TalepressError
from tasks.package.edition import EditionContent, edition_key, is_published, publish_edition
from tasks.package.ffmpeg import ffmpeg_path, run_ffmpeg
from tasks.package.m4b import AAC_FRAME, check_m4b
from tasks.package.marks import chapter_marks, parse_ffmetadata
from tasks.package.tags import tags_of, write_tags
from tasks.synthesize.render import encode_flac
from tests.tasks.audio import RATE, utterance
from tortoise_core.inference.presets import SamplingSettings

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d4944415478da63fccf"
    "c0f01f00050001ffa5e60e4d0000000049454e44ae426082"
)
BOOK = Book(
    title='Oz: The "Wizard" = 1;2#3\\',
    authors=("L. Frank Baum", "Anon"),
    language="en",
    source_sha256="ab" * 32,
    chapters=(),
    identifier="urn:uuid:9780306406151",
    identifiers=("urn:uuid:9780306406151", "urn:isbn:978-0-306-40615-7"),
    series="The Oz Books",
    series_position="1",
    publisher="Geo. M. Hill",
    date="1900",
    description="A girl, a dog. " * 30,
    cover=PNG,
    cover_media_type="image/jpeg",  # wrong, as it often is
)
TITLES = ("Title; page", "1. The = Cyc\\lone", "2. #Munchkins’ “Council”")
PACKAGE = PackageSettings(aac_bitrate_kbps=96, narrator="")
HEADINGS = (0, 12_345, 11_111)  # first sample of the heading in its chapter
LENGTHS = (50_001, 70_007, 40_013)


def chapter(store, index, samples, heading):
    """Faint noise with a click at the first sample of the heading."""
    audio = 1e-4 * np.random.default_rng(index).standard_normal(samples)
    audio[heading] = 0.9
    placed = PlacedUtterance(utterance(0, chapter=index, heading=True), f"take {index}", heading, heading + 9_000)
    address = store.put_bytes(encode_flac(audio, RATE))
    return Master(index, TITLES[index], address, RATE, samples, -19.0, -3.5, (placed,))


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("edition")


@pytest.fixture(scope="module")
def store(place):
    return ArtifactStore(place / "artifacts")


@pytest.fixture(scope="module")
def content(store):
    masters = tuple(chapter(store, n, LENGTHS[n], HEADINGS[n]) for n in range(3))
    takes = {
        f"take {n}": Take(f"take {n}", f"u{n}", n, 2**62 + n, "f" * 64, RATE, 9_000, Verdict.DOUBTFUL, ("too long",))
        for n in range(3)
    }
    voice = VoiceRecord("ann", "v" * 64, "l" * 64)
    return EditionContent(BOOK, masters, MappingProxyType(takes), voice, "mini", "m" * 64, SamplingSettings())


@pytest.fixture(scope="module")
def published(place, store, content):
    """One edition for all tests that only look at it: encoding takes a second or two."""
    return publish_edition(place / "out", store, content, PACKAGE)


def starts():
    offsets = np.cumsum([0, *LENGTHS[:-1]])
    return [int(offset + heading) for offset, heading in zip(offsets, HEADINGS, strict=True)]


def decode(path):
    command = [ffmpeg_path(), "-v", "error", "-i", path, "-f", "f32le", "-ac", "1", "-"]
    return np.frombuffer(subprocess.run(command, check=True, capture_output=True).stdout, dtype="<f4")


def test_chapters_start_at_the_first_sample_of_their_headings(published):
    audio = decode(published.files[0].path)
    assert abs(len(audio) - sum(LENGTHS)) <= AAC_FRAME
    chapters = parse_ffmetadata(run_ffmpeg(["-i", published.files[0].path, "-f", "ffmetadata", "-"]))
    for (title, start, _), expected_title, expected in zip(chapters, TITLES, starts(), strict=True):
        window = slice(max(0, expected - 5000), expected + 5000)
        heard = window.start + int(np.abs(audio[window]).argmax())
        assert abs(heard - expected) <= 2  # the decoder honours the edit list
        assert abs(start * RATE - heard) <= AAC_FRAME / 8
        assert title == expected_title
    assert chapters[0][1] == 0
    assert [end for _, _, end in chapters[:-1]] == [start for _, start, _ in chapters[1:]]


def test_the_edition_says_what_is_in_the_file(published):
    file = MP4(published.files[0].path)
    assert published.seconds == pytest.approx(sum(LENGTHS) / RATE)
    assert file.info.length == pytest.approx(published.seconds, abs=2 * AAC_FRAME / RATE)
    assert (file.info.channels, file.info.sample_rate, file.info.codec) == (1, RATE, "mp4a.40.2")
    assert [chapter.title for chapter in file.chapters] == list(TITLES)
    for (title, start, end), wanted, first in zip(published.chapters, TITLES, starts(), strict=True):
        assert (title, start) == (wanted, first / RATE)
        assert end > start
    assert published.chapters[-1][2] == published.seconds


def test_tags(published):
    tags = MP4(published.files[0].path).tags
    assert tags["\xa9nam"] == tags["\xa9alb"] == [BOOK.title]
    assert tags["\xa9ART"] == tags["aART"] == ["L. Frank Baum, Anon"]
    assert tags["\xa9wrt"] == ["Talepress (ann)"]
    assert (tags["\xa9day"], tags["\xa9gen"], tags["stik"]) == (["1900"], ["Audiobook"], [2])
    assert tags["ldes"] == [BOOK.description]
    assert bytes(tags["covr"][0]) == PNG
    assert tags["covr"][0].imageformat == tags["covr"][0].FORMAT_PNG
    freeform = {
        name: bytes(tags[f"----:com.apple.iTunes:{name}"][0]).decode()
        for name in ("NARRATOR", "PUBLISHER", "ISBN", "SERIES", "SERIES-PART")
    }
    assert freeform == {
        "NARRATOR": "Talepress (ann)",
        "PUBLISHER": "Geo. M. Hill",
        "ISBN": "9780306406157",
        "SERIES": "The Oz Books",
        "SERIES-PART": "1",
    }


def test_ffmpeg_sees_the_tags_too(published):
    said = run_ffmpeg(["-i", published.files[0].path, "-f", "ffmetadata", "-"])
    for line in ("artist=L. Frank Baum, Anon", "composer=Talepress (ann)", "PUBLISHER=Geo. M. Hill", "LANGUAGE=en"):
        assert line in said


def test_manifest(published, content):
    audiobook, manifest = published.files
    assert manifest.kind == "manifest"
    told = json.loads(Path(manifest.path).read_text("utf-8"))
    assert told["audiobook"]["sha256"] == audiobook.sha256
    assert told["audiobook"]["file"] == audiobook.path.rpartition("/")[2]
    assert (told["voice"]["digest"], told["model"]["digest"]) == (content.voice.digest, content.model_digest)
    assert [chapter["title"] for chapter in told["chapters"]] == list(TITLES)
    for number, (listed, first) in enumerate(zip(told["chapters"], starts(), strict=True)):
        spoken = listed["utterances"][0]
        assert (spoken["seed"], spoken["verdict"], spoken["reasons"]) == (2**62 + number, "doubtful", ["too long"])
        assert spoken["start_s"] == listed["start_s"] == first / RATE
        assert spoken["end_s"] == (first + 9_000) / RATE


def test_same_content_same_bytes_and_other_content_replaces_them(published, tmp_path, store, content):
    again = publish_edition(tmp_path, store, content, PACKAGE)
    assert again.files[0].sha256 == published.files[0].sha256
    other = publish_edition(tmp_path, store, replace(content, masters=content.masters[:2]), PACKAGE)
    assert [file.path for file in other.files] == [file.path for file in again.files]
    assert sorted(map(str, tmp_path.iterdir())) == sorted(file.path for file in other.files)
    assert is_published(other)
    assert not is_published(again)


def test_trouble_leaves_the_older_edition_as_it_was(published, place, store, content, monkeypatch):
    broken = replace(content, masters=(replace(content.masters[0], samples=5), *content.masters[1:]))
    with pytest.raises(TalepressError, match="50001 samples instead of 5"):
        publish_edition(place / "out", store, broken, PACKAGE)

    def refuse(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tasks.package.edition.write_m4b", refuse)
    with pytest.raises(OutputError, match="disk is full"):
        publish_edition(place / "out", store, content, PACKAGE)
    assert is_published(published)
    assert len(list((place / "out").iterdir())) == 2


def test_a_folder_that_is_a_file(tmp_path, store, content):
    (tmp_path / "file").write_text("in the way")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(OutputError, match="choose another folder"):
            publish_edition(folder, store, content, PACKAGE)


def test_a_file_that_is_not_as_meant_is_found_out(published, content):
    path, marks, tags = published.files[0].path, chapter_marks(content.masters), tags_of(BOOK, "x")
    check_m4b(path, marks, RATE, tags)
    late = (marks[0], replace(marks[1], start_sample=marks[1].start_sample + 100), marks[2])
    renamed = (*marks[:2], replace(marks[2], title="Other"))
    longer = (*marks[:2], replace(marks[2], end_sample=marks[2].end_sample + 5000))
    for wrong, message in ((late, "starts at"), (renamed, "read back"), (longer, "does not last"), (marks[:2], "last")):
        with pytest.raises(TalepressError, match=message):
            check_m4b(path, wrong, RATE, tags)
    with pytest.raises(TalepressError, match="title did not read back"):
        check_m4b(path, marks, RATE, replace(tags, title="Other"))


def test_the_key_covers_what_the_file_depends_on(content):
    key = edition_key(content, PACKAGE)
    assert key == edition_key(replace(content, takes={}), PACKAGE)
    others = [
        replace(content, masters=content.masters[:2]),
        replace(content, book=replace(BOOK, title="Other")),
        replace(content, book=replace(BOOK, cover=None)),
        replace(content, voice=replace(content.voice, name="bob")),
    ]
    keys = {edition_key(other, PACKAGE) for other in others}
    keys.add(edition_key(content, PACKAGE.model_copy(update={"aac_bitrate_kbps": 64})))
    assert len(keys) == 5
    assert key not in keys


def test_trouble_with_tags(tmp_path, published, monkeypatch):
    (tmp_path / "no.m4b").write_bytes(b"no MP4")
    with pytest.raises(TalepressError, match="cannot be tagged"):
        write_tags(tmp_path / "no.m4b", tags_of(BOOK, "x"))

    def refuse(file):
        raise MutagenError("full") from OSError(28, "No space left on device")

    monkeypatch.setattr(MP4, "save", refuse)
    with pytest.raises(OSError, match="No space left"):
        write_tags(Path(published.files[0].path), tags_of(BOOK, "x"))


def test_odd_covers_and_identifiers(caplog):
    assert tags_of(replace(BOOK, cover=b"GIF89a"), "x").cover is None
    assert "neither JPEG nor PNG" in caplog.text
    assert tags_of(replace(BOOK, identifiers=()), "x").isbn == ""


def test_more_chapters_than_nero_can_count(tmp_path, store, content, caplog):
    one = replace(content.masters[0], samples=2048, audio_sha256=store.put_bytes(encode_flac(np.zeros(2048), RATE)))
    many = tuple(replace(one, title=f"Chapter {n}") for n in range(300))
    edition = publish_edition(tmp_path / "many", store, replace(content, masters=many), PACKAGE)
    assert "the first 255" in caplog.text
    chapters = parse_ffmetadata(run_ffmpeg(["-i", edition.files[0].path, "-f", "ffmetadata", "-"]))
    assert [title for title, _, _ in chapters] == [master.title for master in many]
