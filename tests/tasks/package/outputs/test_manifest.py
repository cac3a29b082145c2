"""The manifest: utterances, files, and the form that older programs read."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from storage.records import EditionFile
from tasks.errors import TalepressError
from tasks.package.audio.ffmpeg import run_ffmpeg
from tasks.package.output import Draft
from tasks.package.outputs.manifest import check_manifest, manifest_text, write_manifest
from tasks.package.timeline import TimedWord
from tests.tasks.package.conftest import HEADINGS, LENGTHS, SPOKEN, STEM, TITLES, TOTAL, files_of

AUDIOBOOK = EditionFile("m4b", "Oz.m4b", "a" * 64, 10)
CHAPTER = EditionFile("flac", "Oz (FLAC)/01 One.flac", "b" * 64, 20)


def describe(*arguments):
    return json.loads("".join(manifest_text(*arguments)))


@pytest.fixture(scope="module")
def manifest(published):
    (path,) = files_of(published, "manifest")
    return json.loads(Path(path).read_text("utf-8"))


def test_every_utterance_with_its_place_and_seed(manifest, content):
    assert (manifest["voice"]["digest"], manifest["model"]["digest"]) == (content.voice.digest, content.model_digest)
    assert [chapter["title"] for chapter in manifest["chapters"]] == list(TITLES)
    assert [(row["chapter"], row["samples"]) for row in manifest["chapters"]] == list(enumerate(LENGTHS, start=1))
    for number, chapter in enumerate(manifest["chapters"]):
        (spoken,) = chapter["utterances"]
        assert (spoken["seed"], spoken["verdict"], spoken["reasons"]) == (2**62 + number, "doubtful", ["too long"])
        assert (spoken["start_sample"], spoken["end_sample"]) == (HEADINGS[number], HEADINGS[number] + 9_000)
        assert (spoken["text"], spoken["origin"], spoken["voice"]) == ("Words number 0.", f"EPUB/{number}.xhtml", "ann")
        assert "words" not in spoken


def test_every_file_with_its_hash_and_what_it_holds(manifest, published):
    (path,) = files_of(published, "manifest")
    assert [(row["kind"], row["file"], row["sha256"], row["bytes"]) for row in manifest["files"]] == [
        (file.kind, str(Path(file.path).relative_to(Path(path).parent)), file.sha256, file.bytes)
        for file in sorted(published.files, key=lambda file: file.kind)
        if file.kind != "manifest"
    ]
    *chapters, audiobook = manifest["files"]
    assert (audiobook["samples"], [held["position"] for held in audiobook["chapters"]]) == (TOTAL, [0, 1, 2])
    for held, chapter, first in zip(audiobook["chapters"], manifest["chapters"], SPOKEN, strict=True):
        assert chapter["utterances"][0]["start_sample"] + held["add"] == first
    assert [row["chapters"] for row in chapters] == [[{"position": n, "add": 0}] for n in range(3)]


def test_what_wrote_the_files_is_named_and_no_time_of_day(content):
    described = describe(content, (AUDIOBOOK, CHAPTER), ())
    assert list(described) == [
        "format", "made_with", "book", "voice", "model", "settings", "sample_rate", "files", "chapters",
    ]  # fmt: skip
    assert described["made_with"]["ffmpeg"] in run_ffmpeg(["-version"])
    assert described["settings"]["aac_bitrate_kbps"] == 96
    assert "ffmpeg" not in described["settings"]  # a path


def test_words_that_are_timed_are_listed(content):
    timed = replace(content, words={(0, 0): (TimedWord(0, 5, 10, 20),)})
    (spoken,) = describe(timed, (), ())["chapters"][0]["utterances"]
    first = HEADINGS[0]
    word = {"start": 0, "end": 5, "start_sample": first + 10, "end_sample": first + 20, "estimated": False}
    assert spoken["words"] == [word]


def test_a_manifest_that_is_not_as_meant_is_found_out(tmp_path, content, store):
    draft = Draft(tmp_path, STEM, content, store, {}, files=(AUDIOBOOK, CHAPTER))
    paths = write_manifest(draft)
    check_manifest(draft, paths)
    with pytest.raises(TalepressError, match="did not read back"):
        check_manifest(replace(draft, files=(AUDIOBOOK,)), paths)
