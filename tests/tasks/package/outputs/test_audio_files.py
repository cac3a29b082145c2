"""Audio files of all formats: the same tags and chapters whoever reads them, exact lengths, nothing encoded twice."""

import json
from dataclasses import replace
from pathlib import Path

import mutagen
import numpy as np
import pytest
import soundfile
from mutagen.id3 import ID3
from mutagen.mp3 import BitrateMode

from tasks.errors import TalepressError
from tasks.package.audio import recordings
from tasks.package.audio.ffmpeg import run_ffmpeg
from tasks.package.audio.marks import parse_ffmetadata
from tasks.package.edition import publish_edition
from tasks.package.output import Draft
from tasks.package.outputs import find_outputs
from tasks.package.outputs.audio_files import plan_files
from tests.tasks.audio import RATE
from tests.tasks.package.conftest import BOOK, HEADINGS, LENGTHS, PACKAGE, PNG, STEM, TITLES, TOTAL, files_of

FORMATS = ("m4b", "mp3", "opus", "flac", "wav")
WHOLE = {kind: {"per": "book"} for kind in FORMATS}
DECODER_RATE = {"opus": 48_000}
NARRATOR = "Talepress ann (AI voice)"
DESCRIPTION = f"Narrated by a synthetic voice (Talepress, ann). {BOOK.description.strip()}"

# What a listener or a library asks for, and the names under which ffprobe shows it, by format (None: as the others).
TEXTS = {
    "album": BOOK.title,
    "artist": "L. Frank Baum, Anon",
    "album_artist": "L. Frank Baum, Anon",
    "composer": NARRATOR,
    "date": "1900",
    "genre": "Audiobook; Fantasy; Fiction / Classics",
    "description": DESCRIPTION,
    "copyright": "Public domain.",
    "narrator": NARRATOR,
    "narration": "AI voice",
    "subtitle": "A Tale",
    "publisher": "Geo. M. Hill",
    "isbn": "9780306406157",
    "series": "The Oz Books",
    "series-part": "1",
    "language": "en",
}
COMMENT = {"description": "comment"}
OTHER_NAMES = {"mp3": COMMENT, "opus": COMMENT, "flac": COMMENT, "m4b": {"description": "synopsis"}}
OTHER_TEXTS = {"mp3": {"language": "eng"}}


def decode(path, rate=RATE):
    raw = run_bytes(["-i", f"file:{path}", "-f", "f32le", "-ac", "1", "-ar", str(rate), "-"])
    return np.frombuffer(raw, dtype="<f4")


def run_bytes(arguments):
    import subprocess

    from tasks.package.audio.ffmpeg import ffmpeg_path

    command = [ffmpeg_path(), "-v", "error", *arguments]
    return subprocess.run(command, check=True, capture_output=True).stdout


def ffprobe_tags(path):
    """The tags of the file, or of its first stream where the format has none: as ffprobe and libraries look at them."""
    texts = {}
    shown = run_ffmpeg(["-i", f"file:{path}", "-map_metadata:g", "0:g", "-f", "ffmetadata", "-"])
    if path.suffix == ".opus":
        shown = run_ffmpeg(["-i", f"file:{path}", "-map_metadata:g", "0:s:0", "-f", "ffmetadata", "-"])
    for line in shown.replace("\\\n", "\n").partition("[CHAPTER]")[0].splitlines():
        name, _, text = line.partition("=")
        texts[name.lower()] = text.replace("\\", "")
    return texts


@pytest.fixture(scope="module")
def whole(tmp_path_factory, store, content):
    """The book as one file of each format, by format."""
    settings = PACKAGE.model_copy(update={"outputs": (*FORMATS, "manifest"), "profiles": WHOLE})
    edition = publish_edition(tmp_path_factory.mktemp("whole"), store, replace(content, settings=settings)).edition
    return {file.kind: Path(file.path) for file in edition.files}


@pytest.mark.parametrize("kind", ["m4b", "mp3", "opus", "flac"])
def test_tags_are_alike_in_all_containers_and_for_all_readers(whole, kind):
    found = ffprobe_tags(whole[kind])
    names = OTHER_NAMES.get(kind, {})
    wanted = TEXTS | OTHER_TEXTS.get(kind, {})
    plain = BOOK.title.replace("\\", "")
    shown = {name: found.get(names.get(name, name)) for name in wanted}
    assert shown == {name: plain if text == BOOK.title else text for name, text in wanted.items()}
    assert found["title"] == plain


# The book's facts, by the names under which Audiobookshelf's scanner looks for them in what ffprobe shows, best first;
# and the names that they have in each container as mutagen reads it.
SCANNED = {
    "title": ("album", "title"),
    "author": ("album_artist", "artist"),
    "narrator": ("composer", "narrator"),
    "series": ("series", "mvnm"),
    "part": ("series-part", "mvin"),
    "language": ("language", "lang"),
    "isbn": ("isbn",),
}
ATOMS = {"title": "\xa9alb", "author": "aART", "narrator": "\xa9wrt"}
FRAMES = {"title": "TALB", "author": "TPE2", "narrator": "TCOM", "language": "TLAN"}
COMMENTS = {"title": "album", "author": "albumartist", "narrator": "composer"}
FREE = {"series": "SERIES", "part": "SERIES-PART", "isbn": "ISBN", "language": "LANGUAGE"}
FACTS = {
    "title": BOOK.title,
    "author": "L. Frank Baum, Anon",
    "narrator": NARRATOR,
    "series": "The Oz Books",
    "part": "1",
    "language": "en",
    "isbn": "9780306406157",
}


def mutagen_facts(path):
    """The book's facts as mutagen finds them in a file."""
    tags = mutagen.File(path).tags

    def read(fact):
        if path.suffix == ".m4b":
            if fact in ATOMS:
                return tags[ATOMS[fact]][0]
            return bytes(tags[f"----:com.apple.iTunes:{FREE[fact]}"][0]).decode()
        if path.suffix == ".mp3":
            return str(tags[FRAMES[fact] if fact in FRAMES else f"TXXX:{FREE[fact]}"])
        return tags[COMMENTS.get(fact, FREE.get(fact, "").lower())][0]

    return {fact: read(fact) for fact in FACTS}


@pytest.mark.parametrize("kind", ["m4b", "mp3", "opus", "flac"])
def test_mutagen_ffprobe_and_a_library_find_the_same_book(whole, kind):
    wanted = FACTS | ({"language": "eng"} if kind == "mp3" else {})  # ID3 has languages by three letters
    assert mutagen_facts(whole[kind]) == wanted
    shown = ffprobe_tags(whole[kind])
    scanned = {fact: next(shown[name] for name in names if name in shown) for fact, names in SCANNED.items()}
    assert scanned == wanted | {"title": BOOK.title.replace("\\", "")}  # which is how ffmetadata escapes


@pytest.mark.parametrize("kind", ["m4b", "mp3", "opus", "flac"])
def test_every_container_has_the_chapters(whole, kind, content):
    chapters = parse_ffmetadata(run_ffmpeg(["-copyts", "-i", f"file:{whole[kind]}", "-f", "ffmetadata", "-"]))
    assert [title for title, _, _ in chapters] == list(TITLES)
    starts = [mark.start_sample / RATE for mark in content.marks]
    assert [start for _, start, _ in chapters] == pytest.approx(starts, abs=0.001)


@pytest.mark.parametrize("kind", FORMATS)
def test_the_audio_is_where_the_timeline_says_in_every_format(whole, kind, content):
    audio = decode(whole[kind])
    assert abs(len(audio) - TOTAL) <= (1024 if kind == "m4b" else 1)
    for chapter in content.whole.chapters[1:]:
        expected = HEADINGS[chapter.position] + chapter.shift
        window = audio[expected - 5000 : expected + 5000]
        assert abs(int(np.abs(window).argmax()) - 5000) <= 12  # half a millisecond


@pytest.mark.parametrize("kind", FORMATS)
def test_covers(whole, kind):
    file = mutagen.File(whole[kind])
    if kind == "m4b":
        assert bytes(file.tags["covr"][0]) == PNG
    elif kind in ("mp3", "wav"):
        assert file.tags.getall("APIC")[0].data == PNG
    elif kind == "flac":
        assert file.pictures[0].data == PNG
    else:
        import base64

        from mutagen.flac import Picture

        assert Picture(base64.b64decode(file["metadata_block_picture"][0])).data == PNG
    if kind != "wav":  # in which ffmpeg looks for none
        assert run_bytes(["-i", str(whole[kind]), "-map", "0:v", "-c", "copy", "-f", "image2pipe", "-"]) == PNG


def test_nothing_of_the_masters_is_lost_in_formats_without_loss(published, content, store):
    paths = files_of(published, "flac")
    assert [Path(path).name for path in paths] == [
        "01 Title; page.flac",
        "02 1. The = Cyc lone.flac",
        "03 2. #Munchkins’ “Council”.flac",
    ]
    for path, master, samples in zip(paths, content.masters, LENGTHS, strict=True):
        audio, rate = soundfile.read(path, dtype="int16")
        with store.open(master.audio_sha256) as file:
            wanted, _ = soundfile.read(file, dtype="int16")
        assert (len(audio), rate) == (samples, RATE)
        assert np.array_equal(audio, wanted)


def test_files_of_chapters_have_the_chapters_title_and_number(published):
    file = mutagen.File(files_of(published, "flac")[1])
    assert (file["title"], file["tracknumber"], file["tracktotal"]) == ([TITLES[1]], ["2"], ["3"])
    assert "chapter001" not in file


def test_a_profile_sets_head_tail_rate_and_loudness(tmp_path, store, content):
    settings = PACKAGE.model_copy(update={"outputs": ("acx", "manifest"), "profiles": {"acx": {"target_lufs": -22.0}}})
    edition = publish_edition(tmp_path, store, replace(content, settings=settings)).edition
    for number, path in enumerate(files_of(edition, "acx")):
        info = mutagen.File(path).info
        assert (info.sample_rate, info.channels, info.bitrate_mode) == (44_100, 1, BitrateMode.CBR)
        assert info.bitrate == pytest.approx(192_000, abs=10)
        audio = decode(path, 44_100)
        assert len(audio) == pytest.approx(44_100 * (0.75 + 9_000 / RATE + 2.0), abs=1)
        assert abs(int(np.abs(audio).argmax()) / 44_100 - 0.75) < 0.002  # the heading's click
        master = content.masters[number]
        wanted = 0.9 * 10 ** ((-22.0 - master.loudness_lufs) / 20)
        assert np.abs(audio).max() == pytest.approx(wanted, rel=0.25)


def test_more_chapters_than_one_list_of_id3_holds(tmp_path, store, content):
    one = replace(content.masters[0], samples=2048, audio_sha256=silence(store, 2048), placed=())
    many = tuple(replace(one, title=f"Chapter {n}") for n in range(300))
    settings = PACKAGE.model_copy(update={"outputs": ("mp3", "manifest"), "profiles": {"mp3": {"per": "book"}}})
    edition = publish_edition(tmp_path, store, replace(content, masters=many, settings=settings)).edition
    (path,) = files_of(edition, "mp3")
    lists = {frame.element_id: frame.child_element_ids for frame in ID3(path).getall("CTOC")}
    assert lists["toc"] == ["toc1", "toc2"]
    assert [len(lists[name]) for name in lists["toc"]] == [255, 45]
    chapters = parse_ffmetadata(run_ffmpeg(["-i", path, "-f", "ffmetadata", "-"]))
    assert [title for title, _, _ in chapters] == [master.title for master in many]
    marks = ID3(path).getall("CHAP")
    assert all(mark.start_time < mark.end_time for mark in marks)
    assert [mark.end_time for mark in marks[:-1]] == [mark.start_time for mark in marks[1:]]


def silence(store, samples):
    from tasks.synthesize.render import encode_flac

    return store.put_bytes(encode_flac(np.zeros(samples), RATE))


@pytest.fixture
def encoded(monkeypatch):
    """The recordings that are encoded, as they are: how many stretches each has."""
    calls = []
    encode = recordings.encode

    def count(targets, store, stretches, **named):
        stretches = list(stretches)
        calls.extend((target.container, len(stretches)) for target in targets)
        encode(targets, store, stretches, **named)

    monkeypatch.setattr(recordings, "encode", count)
    return calls


def test_a_master_is_decoded_once_for_all_kinds_that_hold_the_same_of_it(tmp_path, store, content, monkeypatch):
    decoded = []
    encode = recordings.encode

    def note(targets, *arguments, **named):
        decoded.append([target.container for target in targets])
        encode(targets, *arguments, **named)

    monkeypatch.setattr(recordings, "encode", note)
    kinds = ("mp3", "opus", "flac", "wav", "google", "manifest")  # the last has another head and tail
    publish_edition(tmp_path, store, replace(content, settings=PACKAGE.model_copy(update={"outputs": kinds})))
    assert sorted(decoded) == [["flac"]] * 3 + [["mp3", "opus", "flac", "wav"]] * 3


def test_what_is_published_again_is_not_encoded_again(tmp_path, store, content, encoded):
    kinds = (*FORMATS, "manifest")
    asked = replace(content, settings=PACKAGE.model_copy(update={"outputs": kinds}))
    first = publish_edition(tmp_path, store, asked).edition
    assert len(encoded) == 1 + 4 * 3
    encoded.clear()
    assert publish_edition(tmp_path, store, asked).edition == first
    assert encoded == []

    relabelled = replace(asked, book=replace(BOOK, publisher="Other", cover=None))
    again = publish_edition(tmp_path, store, relabelled).edition
    assert encoded == []  # tags are put to the audio that is there
    fresh = publish_edition(tmp_path / "fresh", store, relabelled).edition
    assert [file.sha256 for file in again.files] == [file.sha256 for file in fresh.files]


def test_a_chapter_that_changes_is_encoded_and_the_audiobook_alone(tmp_path, store, content, encoded):
    settings = PACKAGE.model_copy(update={"outputs": (*FORMATS, "manifest")})
    asked = replace(content, settings=settings)
    first = publish_edition(tmp_path, store, asked).edition
    encoded.clear()
    other = replace(content.masters[1], audio_sha256=silence(store, LENGTHS[1]))
    changed = replace(asked, masters=(content.masters[0], other, content.masters[2]))
    second = publish_edition(tmp_path, store, changed).edition
    assert sorted(encoded) == [("flac", 1), ("ipod", 3), ("mp3", 1), ("opus", 1), ("wav", 1)]
    assert len(set(first.files) & set(second.files)) == 0  # another place: it is another reading
    manifest = json.loads(Path(second.files[-1].path).read_text("utf-8"))
    assert {row["kind"] for row in manifest["files"]} == set(FORMATS)


def test_a_cover_that_fits_into_no_block_is_left_out_and_said(content, caplog):
    from tasks.package.audio.vorbis import BLOCK_BYTES, cover_of

    large = replace(content, book=replace(BOOK, cover=PNG + bytes(BLOCK_BYTES)))
    assert cover_of(plan_files("flac", large, STEM)[0].label) is None
    assert "more than 16 MiB" in caplog.text


@pytest.mark.parametrize("kind", ["m4b", "mp3", "flac"])
def test_a_file_that_is_not_as_meant_is_found_out(kind, whole, content, store, tmp_path):
    settings = PACKAGE.model_copy(update={"outputs": (kind, "manifest"), "profiles": WHOLE})
    right = replace(content, settings=settings)
    (output,) = (output for output in find_outputs([kind, "manifest"]) if output.kind == kind)

    def check(meant, path=whole[kind]):
        output.check(Draft(tmp_path, STEM, meant, store, None), (path,))

    check(right)
    first, second, third = content.masters
    late = replace(second.placed[0], start_sample=second.placed[0].start_sample + 100)
    wrong = {
        "did not read back as it was written": replace(right, book=replace(BOOK, publisher="Other")),
        "chapters read back": replace(right, masters=(first, replace(second, title="Other"), third)),
        "starts at": replace(right, masters=(first, replace(second, placed=(late,)), third)),
        "as it should": replace(right, masters=(first, second, replace(third, samples=third.samples + 5000))),
    }
    for message, meant in wrong.items():
        with pytest.raises(TalepressError, match=message):
            check(meant)
    broken = tmp_path / f"broken{whole[kind].suffix}"
    broken.write_bytes(b"no audio")
    with pytest.raises(TalepressError):
        check(right, broken)


def test_one_sample_that_differs_is_found_out_where_nothing_is_lost(whole, content, store, tmp_path):
    from tasks.synthesize.render import encode_flac

    settings = PACKAGE.model_copy(update={"outputs": ("flac", "manifest"), "profiles": WHOLE})
    with store.open(content.masters[0].audio_sha256) as file:
        audio, _ = soundfile.read(file, dtype="float64")
    audio[30_000] += 2 / 32768
    other = replace(content.masters[0], audio_sha256=store.put_bytes(encode_flac(audio, RATE)))
    meant = replace(content, settings=settings, masters=(other, *content.masters[1:]))
    (output,) = (output for output in find_outputs(["flac", "manifest"]) if output.kind == "flac")
    with pytest.raises(TalepressError, match="other samples"):
        output.check(Draft(tmp_path, STEM, meant, store, None), (whole["flac"],))


def test_what_was_encoded_before_a_run_was_stopped_is_not_encoded_again(tmp_path, store, content, monkeypatch):
    asked = replace(content, settings=PACKAGE.model_copy(update={"outputs": ("mp3", "flac", "manifest")}))
    encode = recordings.encode
    finished = []

    def run(limit):
        def encode_some(targets, *arguments, **named):
            if len(finished) == limit:
                targets[0].path.write_bytes(b"half of it")
                raise TalepressError("stopped")
            encode(targets, *arguments, **named)
            finished.extend(targets)

        monkeypatch.setattr(recordings, "encode", encode_some)
        monkeypatch.setattr(recordings.os, "cpu_count", lambda: 1)
        return publish_edition(tmp_path / "out", store, asked, tmp_path / "encoded").edition

    with pytest.raises(TalepressError, match="stopped"):
        run(limit=4)
    assert list((tmp_path / "out").iterdir()) == []
    assert len(list((tmp_path / "encoded").iterdir())) == 4  # and nothing of the half one
    edition = run(limit=None)
    assert len(finished) == 6
    fresh = publish_edition(tmp_path / "fresh", store, asked).edition
    assert [file.sha256 for file in edition.files] == [file.sha256 for file in fresh.files]
