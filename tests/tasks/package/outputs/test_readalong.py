"""The read-along as an output: whose audio is in it under which name, what is taken out again, what is said of it."""

import zipfile
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from configs.settings import ReadAlongSettings
from tasks.errors import BadInputError, TalepressError
from tasks.package.audio.encode import Stretch
from tasks.package.audio.recordings import EncodedAudio
from tasks.package.output import Draft
from tasks.package.outputs import find_outputs, readalong
from tasks.package.outputs.readalong import _lengths, recordings_of, recover_audio, write_readalong
from tasks.package.readalong import check
from tasks.package.readalong.build import Unpaired
from tests.tasks.audio import RATE
from tests.tasks.package.conftest import LENGTHS, PACKAGE, STEM

(READALONG,) = (output for output in find_outputs(["readalong", "manifest"]) if output.kind == "readalong")


def with_settings(content, **values):
    own = ReadAlongSettings(**{"grain": "sentence", "bitrate_kbps": 64, "epubcheck": False, **values})
    return replace(content, settings=PACKAGE.model_copy(update={"readalong": own}))


def test_each_chapter_is_whole_and_known_by_its_number_and_its_recording(content):
    recordings = recordings_of(with_settings(content, bitrate_kbps=48))
    assert [one.stretches for one in recordings] == [(Stretch(one, 0, one.samples),) for one in content.masters]
    assert {one.codec for one in recordings} == {("-c:a", "aac", "-b:a", "48k", "-movflags", "+faststart")}
    assert {(one.container, one.ffmpeg) for one in recordings} == {("ipod", "")}
    lengths = _lengths(with_settings(content, bitrate_kbps=48))
    names = [f"audio-00{number}-{one.key[:16]}.m4a" for number, one in enumerate(recordings, start=1)]
    assert lengths == dict(zip(names, (samples * 1000 // RATE for samples in LENGTHS), strict=True))


@pytest.mark.parametrize("changed", [{"grain": "word"}, {"bitrate_kbps": 65}, {"epubcheck": True}])
def test_what_shapes_the_book_is_in_its_editions_keys(content, changed):
    plain = READALONG.shape(with_settings(content).settings)
    assert plain == {"format": 2, "grain": "sentence", "bitrate_kbps": 64, "epubcheck": False}
    assert READALONG.shape(with_settings(content, **changed).settings) == {**plain, **changed}


def test_audio_of_chapters_that_did_not_change_is_taken_out_of_the_older_book(tmp_path):
    keys = [f"{letter * 16}{letter.upper() * 48}" for letter in "abcd"]
    book = tmp_path / "old.epub"
    with zipfile.ZipFile(book, "w") as archive:
        for name, data in {
            f"EPUB/talepress/audio-001-{'a' * 16}.m4a": b"first",
            f"EPUB/talepress/audio-0002-{'b' * 16}.m4a": b"second",
            f"EPUB/talepress/audio-003-{'c' * 16}.mp3": b"no audio of ours",
            f"EPUB/talepress/xaudio-004-{'d' * 16}.m4a": b"neither",
            f"EPUB/talepress/audio-005-{'e' * 16}.m4a": b"of another chapter",
        }.items():
            archive.writestr(name, data)
    out = tmp_path / "encoded"
    out.mkdir()
    recover_audio(book, keys, out)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == {keys[0]: b"first", keys[1]: b"second"}


def test_audio_that_is_taken_out_has_its_name_once_it_is_whole(tmp_path, monkeypatch):
    key = "a" * 64
    with zipfile.ZipFile(tmp_path / "old.epub", "w") as archive:
        archive.writestr(f"t/audio-001-{'a' * 16}.m4a", b"sound")
    seen = []
    publish = readalong.publish
    monkeypatch.setattr(readalong, "publish", lambda old, new: (seen.append(old.read_bytes()), publish(old, new)))
    recover_audio(tmp_path / "old.epub", [key], tmp_path)
    assert seen == [b"sound"] and (tmp_path / key).read_bytes() == b"sound"


def test_epubcheck_is_looked_for_where_it_is_asked_for_and_not_else(content, monkeypatch):
    READALONG.require(with_settings(content).settings)
    monkeypatch.setattr(check, "find_spec", lambda name: None)
    READALONG.require(with_settings(content).settings)
    with pytest.raises(BadInputError, match=r"package.readalong.epubcheck is set, but .*: install both, or set"):
        READALONG.require(with_settings(content, epubcheck=True).settings)
    monkeypatch.setattr(check, "find_spec", lambda name: name)
    monkeypatch.setattr(check.shutil, "which", lambda name: None)
    with pytest.raises(BadInputError, match="or Java is not installed"):
        READALONG.require(with_settings(content, epubcheck=True).settings)


@pytest.mark.parametrize("asked", [False, True])
def test_a_written_book_is_read_back_and_judged_where_that_is_asked_for(content, tmp_path, monkeypatch, asked):
    calls = []
    store = SimpleNamespace(read=lambda address: f"book {address[:2]}".encode())
    monkeypatch.setattr(readalong, "check_readalong", lambda *given: calls.append(given))
    monkeypatch.setattr(readalong, "_require_no_new_faults", lambda *given: calls.append(given))
    made = with_settings(content, epubcheck=asked)
    READALONG.check(Draft(tmp_path, STEM, made, store, None), (tmp_path / "a.epub",))
    first = (tmp_path / "a.epub", b"book ab", _lengths(made))
    assert calls == [first, (tmp_path / "a.epub", b"book ab")] if asked else calls == [first]


def test_without_the_books_file_it_says_what_is_missing(content, tmp_path, store):
    with pytest.raises(TalepressError, match="needs the book's file"):
        write_readalong(Draft(tmp_path, STEM, content, store, EncodedAudio(tmp_path, {})))


def test_what_is_not_lit_up_is_said_by_its_reasons(content, tmp_path, store, monkeypatch, caplog):
    unpaired = [Unpaired("x" * 50, "why"), Unpaired("y", "other"), Unpaired("z", "why")]
    result = SimpleNamespace(
        write=lambda path: Path(path).write_bytes(b"book"), warnings=["it was signed"], unpaired=unpaired, pairs=7
    )
    monkeypatch.setattr(readalong, "_build", lambda draft: result)
    assert readalong.MOST_BYTES == 2 * 1024**3
    monkeypatch.setattr(readalong, "MOST_BYTES", 3)
    with caplog.at_level("INFO", logger="tasks"):
        assert write_readalong(Draft(tmp_path, "Oz", content, store, None)) == (tmp_path / "Oz (read-along).epub",)
    assert [record.getMessage() for record in caplog.records] == [
        "Oz (read-along).epub: it was signed",
        f"Oz (read-along).epub: 2 spoken texts are not lit up, first {'x' * 40!r}: why",
        "Oz (read-along).epub: 1 spoken texts are not lit up, first 'y': other",
        "Oz (read-along).epub: is larger than 2 GiB, which some readers cannot open: publish fewer chapters",
        "Oz (read-along).epub: 7 places are lit up",
    ]
    caplog.clear()
    monkeypatch.setattr(readalong, "MOST_BYTES", 4)
    write_readalong(Draft(tmp_path, "Oz", content, store, None))
    assert "larger" not in caplog.text
