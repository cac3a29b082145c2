"""The manifest: utterances, files, and the form that older programs read."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from storage.records import EditionFile
from tasks.errors import TalepressError
from tasks.package.audio.ffmpeg import run_ffmpeg
from tasks.package.output import Draft
from tasks.package.outputs.manifest import check_manifest, describe, write_manifest
from tests.tasks.audio import RATE
from tests.tasks.package.conftest import SPOKEN, STARTS, STEM, TITLES, files_of

AUDIOBOOK = EditionFile("m4b", "Oz.m4b", "a" * 64, 10)
CHAPTER = EditionFile("flac", "Oz (FLAC)/01 One.flac", "b" * 64, 20)


def test_every_utterance_with_its_place_and_seed(published, content):
    (audiobook,) = (file for file in published.files if file.kind == "m4b")
    (path,) = files_of(published, "manifest")
    manifest = json.loads(Path(path).read_text("utf-8"))
    assert manifest["audiobook"]["sha256"] == audiobook.sha256
    assert manifest["audiobook"]["file"] == Path(audiobook.path).name
    assert (manifest["voice"]["digest"], manifest["model"]["digest"]) == (content.voice.digest, content.model_digest)
    assert [chapter["title"] for chapter in manifest["chapters"]] == list(TITLES)
    assert [chapter["start_s"] for chapter in manifest["chapters"]] == [start / RATE for start in STARTS]
    for number, (listed, first) in enumerate(zip(manifest["chapters"], SPOKEN, strict=True)):
        spoken = listed["utterances"][0]
        assert (spoken["seed"], spoken["verdict"], spoken["reasons"]) == (2**62 + number, "doubtful", ["too long"])
        assert spoken["start_s"] == first / RATE
        assert spoken["end_s"] == (first + 9_000) / RATE


def test_every_file_with_its_hash(published):
    (path,) = files_of(published, "manifest")
    listed = json.loads(Path(path).read_text("utf-8"))["files"]
    assert [(row["kind"], row["file"], row["sha256"], row["bytes"]) for row in listed] == [
        (file.kind, str(Path(file.path).relative_to(Path(path).parent)), file.sha256, file.bytes)
        for file in published.files
        if file.kind == "flac"
    ]
    assert len(listed) == 3


def test_an_audiobook_alone_is_described_as_it_always_was(content):
    """Programs read manifests of older editions too, and an unchanged edition must not get another manifest."""
    described = describe(content, (AUDIOBOOK,))
    assert list(described) == ["format", "book", "audiobook", "voice", "model", "chapters"]
    assert described["format"] == 1
    assert list(described["audiobook"]) == ["file", "sha256", "bytes", "seconds", "sample_rate", "ffmpeg"]
    assert described["audiobook"]["ffmpeg"] in run_ffmpeg(["-version"])
    assert list(describe(content, (AUDIOBOOK, CHAPTER))) == [
        "format", "book", "audiobook", "files", "voice", "model", "chapters",
    ]  # fmt: skip


def test_a_manifest_that_is_not_as_meant_is_found_out(tmp_path, content, store):
    draft = Draft(tmp_path, STEM, content, store, {}, (AUDIOBOOK, CHAPTER))
    paths = write_manifest(draft)
    check_manifest(draft, paths)
    with pytest.raises(TalepressError, match="did not read back"):
        check_manifest(replace(draft, files=(AUDIOBOOK,)), paths)
