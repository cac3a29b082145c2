"""An edition's files hold what they shall, replace only their own kind, and survive trouble half-way."""

import hashlib
import json
import os
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from configs.settings import SignatureSettings
from storage.records import Decision, DecisionKind, Edition, EditionFile
from tasks.errors import BadInputError, OutputError, TalepressError
from tasks.package import edition as edition_module
from tasks.package.audio.recordings import EncodedAudio
from tasks.package.edition import EDITION_FORMAT_VERSION, edition_key, is_published, publish_edition
from tasks.package.existing import placing_mark
from tasks.package.output import Draft
from tasks.package.outputs import OUTPUTS, find_outputs
from tasks.package.place import Replace
from tests.tasks.audio import RATE
from tests.tasks.package.conftest import BOOK, PACKAGE, STARTS, STEM, TITLES, TOTAL, asking, files_of


def tree(folder):
    """The files below a folder, relative to it, with their bytes."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_all_outputs_in_the_order_of_the_table(published, place):
    names = [str(Path(file.path).relative_to(place / "out")) for file in published.files]
    assert names == [
        f"{STEM}.m4b",
        f"{STEM} (FLAC)/01 Title; page.flac",
        f"{STEM} (FLAC)/02 1. The = Cyc lone.flac",
        f"{STEM} (FLAC)/03 2. #Munchkins’ “Council”.flac",
        f"{STEM}.manifest.json",
    ]
    assert [file.kind for file in published.files] == ["m4b", "flac", "flac", "flac", "manifest"]
    assert sorted(tree(place / "out")) == sorted(names)
    assert is_published(published)


def test_the_edition_says_how_long_it_is_and_where_chapters_start(published):
    assert published.seconds == pytest.approx(TOTAL / RATE)
    for (title, start, end), wanted, first in zip(published.chapters, TITLES, STARTS, strict=True):
        assert (title, start) == (wanted, first / RATE)
        assert end > start
    assert published.chapters[-1][2] == published.seconds


def test_same_content_same_bytes_and_other_content_replaces_them_where_that_is_asked_for(
    published, tmp_path, store, content
):
    again = publish_edition(tmp_path, store, content).edition
    assert [file.sha256 for file in again.files] == [file.sha256 for file in published.files]
    shorter = publish_edition(tmp_path, store, replace(content, masters=content.masters[:2]), replacing=Replace.ANY)
    other = shorter.edition
    assert [Path(path).name[:2] for path in shorter.replaced] == ["Oz", "01", "02", "03"]
    assert [file.path for file in other.files if file.kind != "flac"] == [
        file.path for file in again.files if file.kind != "flac"
    ]
    assert sorted(str(tmp_path / name) for name in tree(tmp_path)) == sorted(file.path for file in other.files)
    assert is_published(other)
    assert not is_published(again)


def test_outputs_that_are_not_asked_for_stay_as_they_are(tmp_path, store, content):
    flac = publish_edition(tmp_path, store, asking(content, "flac", "manifest")).edition
    bare = publish_edition(tmp_path, store, asking(content, "manifest")).edition
    assert [file.kind for file in bare.files] == ["manifest"]
    assert all(Path(path).is_file() for path in files_of(flac, "flac"))


def test_audio_that_is_encoded_already_is_used_and_comes_out_the_same(published, tmp_path, store, content):
    audio = EncodedAudio(tmp_path / "encoded", {})
    audio.folder.mkdir()
    (output,) = (output for output in find_outputs(["m4b", "manifest"]) if output.kind == "m4b")
    audio.encode(store, list(output.stream(iter(content.masters), content.settings)))
    (key,) = (path.name for path in audio.folder.iterdir())
    assert key == output.recordings(content)[0].key
    for name in ("first", "second"):  # a task that is tried again finds the encoded audio still there
        edition = publish_edition(tmp_path / name, store, asking(content, "m4b", "manifest"), audio.folder).edition
        assert edition.files[0].sha256 == published.files[0].sha256
    (audio.folder / key).write_bytes(b"no audio")
    with pytest.raises(TalepressError, match="ffmpeg failed"):
        publish_edition(tmp_path / "third", store, asking(content, "m4b", "manifest"), audio.folder)


def test_other_content_leaves_a_finished_edition_as_it_is(published, tmp_path, store, content):
    whole = publish_edition(tmp_path, store, content).edition
    part = replace(content, masters=content.masters[:1], chapters="1")
    done = publish_edition(tmp_path, store, part)
    assert (Path(done.edition.files[0].path).name, done.replaced) == (f"{STEM} (chapters 1).m4b", ())
    assert is_published(whole)
    assert is_published(done.edition)


def test_tags_that_change_are_put_into_the_edition_with_the_same_audio(tmp_path, store, content):
    plain = asking(content, "m4b", "manifest")
    publish_edition(tmp_path, store, plain)
    done = publish_edition(tmp_path, store, replace(plain, book=replace(BOOK, publisher="Other")))
    assert [Path(path).name for path in done.replaced] == [f"{STEM}.m4b"]
    assert sorted(tree(tmp_path)) == [f"{STEM}.m4b", f"{STEM}.manifest.json"]


@pytest.mark.parametrize("number", [0, -1])
def test_an_edition_is_published_while_every_byte_of_it_stands(published, number, tmp_path):
    copies = [replace(f, path=str(shutil.copy(f.path, tmp_path))) for f in published.files]
    published = replace(published, files=tuple(copies))
    path = Path(copies[number].path)
    data = path.read_bytes()
    for changed in (data[:-1] + bytes([data[-1] ^ 1]), data[:-1], data + b"x"):
        path.write_bytes(changed)
        assert not is_published(published)
    path.write_bytes(data)
    assert is_published(published)
    path.unlink()
    assert not is_published(published)


def test_trouble_leaves_the_older_edition_as_it_was(published, place, store, content, monkeypatch):
    broken = replace(content, masters=(replace(content.masters[0], samples=5), *content.masters[1:]))
    for outputs in (("m4b", "manifest"), ("flac", "manifest")):
        with pytest.raises(TalepressError, match="50001 samples instead of 5"):
            publish_edition(place / "out", store, asking(broken, *outputs))

    def refuse(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tasks.package.audio.mp4.write_mp4_tags", refuse)
    with pytest.raises(OutputError, match="disk is full"):
        publish_edition(place / "out", store, content)
    assert is_published(published)
    assert len(tree(place / "out")) == len(published.files)
    assert not (place / "out" / f".{STEM}.partial").exists()


def test_a_check_that_fails_publishes_nothing(tmp_path, store, content, monkeypatch):
    (flac,) = (output for output in find_outputs(["flac", "manifest"]) if output.kind == "flac")

    def doubt(draft, paths):
        raise TalepressError(f"{len(paths)} files did not read back")

    outputs = (replace(flac, check=doubt), *find_outputs(["manifest"]))
    monkeypatch.setattr(edition_module, "find_outputs", lambda kinds: outputs)
    with pytest.raises(TalepressError, match="3 files did not read back"):
        publish_edition(tmp_path, store, content)
    assert list(tmp_path.iterdir()) == []


def test_a_crash_after_the_manifest_leaves_the_new_manifest_and_the_older_files(tmp_path, store, content, monkeypatch):
    """So the next run knows whose the files are, and replaces them."""
    older = publish_edition(tmp_path, store, content).edition
    before = tree(tmp_path)
    changed = replace(content, masters=content.masters[:2])
    publish = edition_module.publish
    calls = []

    def crash_at_the_second(temporary, final):
        calls.append(final.name)
        if len(calls) == 2:
            raise KeyboardInterrupt
        publish(temporary, final)

    monkeypatch.setattr(edition_module, "publish", crash_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        publish_edition(tmp_path, store, changed, replacing=Replace.ANY)
    assert calls[0] == f"{STEM}.manifest.json"
    after = tree(tmp_path)
    assert after[f"{STEM}.manifest.json"] != before[f"{STEM}.manifest.json"]
    assert after[f"{STEM}.m4b"] == before[f"{STEM}.m4b"]
    assert not is_published(older)

    monkeypatch.setattr(edition_module, "publish", publish)
    edition = publish_edition(tmp_path, store, changed).edition
    assert is_published(edition)
    assert sorted(str(tmp_path / name) for name in tree(tmp_path)) == sorted(file.path for file in edition.files)


def test_what_a_killed_run_left_is_removed(tmp_path, store, content):
    left = tmp_path / f".{STEM}.partial" / "files" / f"{STEM} (FLAC)"
    left.mkdir(parents=True)
    (left / "09 Old.flac").touch()
    publish_edition(tmp_path, store, asking(content, "flac", "manifest"))
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{STEM} (FLAC)", f"{STEM}.manifest.json"]
    assert len(list((tmp_path / f"{STEM} (FLAC)").iterdir())) == 3


def test_every_file_is_flushed_before_it_is_renamed(tmp_path, store, content, monkeypatch):
    flushed = set()
    renamed = []
    fsync = os.fsync
    rename = Path.replace

    def note_flush(descriptor):
        flushed.add(os.fstat(descriptor).st_ino)
        fsync(descriptor)

    def note_rename(path, target):
        assert path.stat().st_ino in flushed
        renamed.append(Path(target).name)
        return rename(path, target)

    monkeypatch.setattr(os, "fsync", note_flush)
    monkeypatch.setattr(Path, "replace", note_rename)
    edition = publish_edition(tmp_path, store, asking(content, "flac", "manifest")).edition
    published = [name for name in renamed if "." in name]  # encoded audio has its key for a name
    assert sorted(published) == sorted(Path(file.path).name for file in edition.files)
    assert published[0] == f"{STEM}.manifest.json"


def test_a_mark_lies_there_from_before_the_first_file_is_gone_until_the_last_is_in_place(tmp_path, monkeypatch):
    """Without it a run after a crash in between would take what it finds for somebody's own files."""
    old = {"Oz (FLAC)/1.flac": b"same", "Oz (FLAC)/2.flac": b"old", "Oz (FLAC)/3.flac": b"outdated"}
    new = {"Oz (FLAC)/1.flac": b"same", "Oz (FLAC)/2.flac": b"new", "Oz.manifest.json": b"{}"}
    out = tmp_path / "out"
    made = tmp_path / "made"
    rows = [{"kind": "flac", "file": name} for name in old]
    listed = json.dumps({"book": {"source_sha256": "a"}, "files": rows}).encode()
    for folder, files in ((out, {**old, "Oz.manifest.json": listed}), (made, new)):
        (folder / "Oz (FLAC)").mkdir(parents=True)
        for name, data in files.items():
            (folder / name).write_bytes(data)
    files = tuple(
        EditionFile("manifest" if "manifest" in name else "flac", name, hashlib.sha256(data).hexdigest(), len(data))
        for name, data in new.items()
    )
    steps = []
    publish = edition_module.publish
    unlink = Path.unlink

    def noted(step, path):
        steps.append((step, path.name, placing_mark(out, "Oz").exists()))

    monkeypatch.setattr(edition_module, "publish", lambda fresh, final: (noted("put", final), publish(fresh, final)))
    monkeypatch.setattr(Path, "unlink", lambda path, **named: (noted("gone", path), unlink(path, **named)))
    draft = Draft(made, "Oz", None, None, None, files=files)
    replaced = edition_module._put_in_place(draft, out, OUTPUTS)
    assert steps == [
        ("gone", "3.flac", True),
        ("put", "Oz.manifest.json", True),
        ("put", "1.flac", True),
        ("put", "2.flac", True),
        ("gone", ".Oz.placing", True),
    ]
    assert tree(out) == new
    assert replaced == (str(out / "Oz (FLAC)" / "2.flac"), str(out / "Oz (FLAC)" / "3.flac"))


def test_a_folder_that_is_a_file(tmp_path, store, content):
    (tmp_path / "file").write_text("in the way")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(OutputError, match="choose another folder"):
            publish_edition(folder, store, content)


def test_an_unknown_output_is_refused_before_anything_is_written(tmp_path, store, content):
    with pytest.raises(BadInputError, match=r"are m4b, mp3, .*, manifest"):
        publish_edition(tmp_path / "out", store, asking(content, "m4b", "wax cylinder", "manifest"))
    assert not (tmp_path / "out").exists()


def test_the_key_covers_what_the_files_depend_on(content):
    def with_settings(**values):
        return replace(content, settings=PACKAGE.model_copy(update=values))

    renamed = (replace(content.masters[0], title="Other"), *content.masters[1:])
    others = [
        replace(content, masters=content.masters[:2]),
        replace(content, masters=renamed),
        replace(content, book=replace(BOOK, title="Other")),
        replace(content, book=replace(BOOK, cover=None)),
        replace(content, book=replace(BOOK, source_sha256="cd" * 32)),
        replace(content, voice=replace(content.voice, name="bob")),
        replace(content, credit_keys=("ab" * 32,)),
        with_settings(aac_bitrate_kbps=64),
        with_settings(part_hours=10.0),
        with_settings(profiles={"flac": {"tail_s": 2.0}}),
        asking(content, "m4b", "manifest"),
        asking(content, "flac", "manifest"),
    ]
    keys = {edition_key(other) for other in others}
    assert len(keys) == len(others)
    assert edition_key(content) not in keys
    assert edition_key(content) == edition_key(replace(content, takes={}))


def test_the_key_ignores_order_and_settings_of_outputs_that_are_not_asked_for(content):
    assert edition_key(asking(content, "manifest", "flac", "m4b")) == edition_key(content)
    flac = asking(content, "flac", "manifest")
    loud = replace(flac, settings=flac.settings.model_copy(update={"aac_bitrate_kbps": 64}))
    assert edition_key(loud) == edition_key(flac)


def test_the_key_covers_the_version_of_ffmpeg(content, monkeypatch):
    keys = set()
    for version in ("9.0.2", "9.1"):
        monkeypatch.setattr(edition_module, "ffmpeg_version", lambda chosen, version=version: version)
        keys.add(edition_key(content))
    assert len(keys) == 2


def test_the_key_of_an_edition_is_that_of_its_version(content, monkeypatch):
    """Recorded with version 3. Another key publishes every finished book again: do so only with a new version."""
    fixed = tuple(replace(master, audio_sha256=f"{n}" * 64) for n, master in enumerate(content.masters))
    monkeypatch.setattr(edition_module, "ffmpeg_version", lambda chosen: "9.0.2")
    key = edition_key(replace(content, masters=fixed))
    assert (EDITION_FORMAT_VERSION, key[:16]) == (3, "9dc3e2bc58d9c8ee")


@pytest.mark.parametrize(
    ("what", "golden"),
    [
        ("decisions", "83978e1a84c27922"),
        ("decisions in another order", "76a541ff2c238525"),
        ("certificate", "941e667d9a10a0ac"),
        ("timer", "5a239b615cb63d04"),
        ("timer where nobody wants words", "9dc3e2bc58d9c8ee"),
        ("chapters the other way round", "bf36f5a2af7fd1ca"),
        ("credits", "bc3df14ed93c3502"),
    ],
)
def test_the_key_covers_what_few_editions_have(content, monkeypatch, tmp_path, what, golden):
    """Recorded with version 3, as above: an edition without any of it has the key that it had before there was such."""
    (tmp_path / "signer.pem").write_text("certificate")
    signature = SignatureSettings(certificate=str(tmp_path / "signer.pem"), key="key.pem")
    decisions = [Decision(DecisionKind.NOTE, "Ann", datetime(2026, 1, 1, tzinfo=UTC), id=number) for number in (7, 8)]
    fixed = replace(
        content,
        masters=tuple(replace(master, audio_sha256=f"{n}" * 64) for n, master in enumerate(content.masters)),
    )
    changed = {
        "decisions": replace(fixed, decisions=tuple(decisions)),
        "decisions in another order": replace(fixed, decisions=tuple(decisions[::-1])),
        "certificate": replace(fixed, settings=PACKAGE.model_copy(update={"signature": signature})),
        "timer": replace(asking(fixed, "captions", "m4b", "manifest"), timer="a speller"),
        "timer where nobody wants words": replace(fixed, timer="a speller"),
        "chapters the other way round": replace(fixed, masters=fixed.masters[::-1]),
        "credits": replace(fixed, credit_keys=("a" * 64, "b" * 64)),
    }
    monkeypatch.setattr(edition_module, "ffmpeg_version", lambda chosen: "9.0.2")
    assert edition_key(changed[what])[:16] == golden


def test_an_edition_with_a_file_gone_or_changed_is_not_published(tmp_path, store, content):
    edition = publish_edition(tmp_path, store, asking(content, "flac", "manifest")).edition
    changed = Path(edition.files[1].path)
    changed.write_bytes(changed.read_bytes() + b"more")
    assert not is_published(edition)
    assert is_published(Edition(edition.files[:1], edition.seconds, edition.chapters))
    Path(edition.files[0].path).unlink()
    assert not is_published(Edition(edition.files[:1], edition.seconds, edition.chapters))


def test_the_manifest_in_place_lists_what_lies_there(published, place):
    (path,) = files_of(published, "manifest")
    manifest = json.loads(Path(path).read_text("utf-8"))
    listed = [row["file"] for row in manifest["files"]]
    assert sorted([*listed, Path(path).name]) == sorted(tree(place / "out"))
